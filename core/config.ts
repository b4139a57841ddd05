import { isIP } from 'node:net';
import { z } from 'zod';

/** Every setting of the product, parsed once. README.md has the same list for people: keep the two in step. */

export const CORE_ROLES = ['api', 'ingest', 'alerts', 'incidents', 'notify', 'aggregate', 'publish'] as const;
export type CoreRole = (typeof CORE_ROLES)[number];

const port = z.coerce.number().int().min(1).max(65_535);
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

const origins = z.string().transform((text, context): string[] => {
  const names = listed(text);
  if (names.some((origin) => !/^https?:\/\/[^/]+$/.test(origin))) {
    context.addIssue({ code: 'custom', message: 'name origins such as https://example.com, separated by commas' });
    return z.NEVER;
  }
  return names;
});

const networks = z.string().transform((text, context): string[] => {
  const names = listed(text);
  if (!names.every(isNetwork)) {
    context.addIssue({ code: 'custom', message: 'name addresses or networks such as 10.0.0.0/8, separated by commas' });
    return z.NEVER;
  }
  return names;
});

/** An address, or an address with the length of its prefix (CIDR). */
function isNetwork(name: string): boolean {
  const [address = '', prefix, ...more] = name.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return bits !== -1 && fits && more.length === 0;
}

const roles = z.string().transform((text, context): CoreRole[] => {
  const names = [...new Set(listed(text))];
  const known = names.filter((role): role is CoreRole => (CORE_ROLES as readonly string[]).includes(role));
  if (names.length === 0 || known.length !== names.length) {
    context.addIssue({ code: 'custom', message: `name one or more of ${CORE_ROLES.join(', ')}` });
    return z.NEVER;
  }
  return known;
});

const settingsSchema = z.object({
  BLACKTIDE_DATA_DIR: z.string().min(1).default('.blacktide'),
  BLACKTIDE_API_PORT: port.default(8080),
  BLACKTIDE_EDGE_PORT: port.default(8787),
  BLACKTIDE_ROLES: roles.default([...CORE_ROLES]),
  BLACKTIDE_ALLOW_PRIVATE_TARGETS: flag.optional(),
  BLACKTIDE_REGISTRATION: z.enum(['closed', 'open']).default('closed'),
  BLACKTIDE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  NATS_URL: z.url({ protocol: /^(nats|tls)$/ }).optional(),
  /** Where the core reaches the edge; default http://127.0.0.1:{BLACKTIDE_EDGE_PORT}. */
  BLACKTIDE_EDGE_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Where people reach the dashboard; default http://localhost:{BLACKTIDE_API_PORT}. Used in links. */
  BLACKTIDE_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Where people reach the status pages; default http://localhost:{BLACKTIDE_EDGE_PORT}. Used in links. */
  BLACKTIDE_STATUS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Origins of other sites whose scripts may call the API with a browser's cookies; none by default. */
  BLACKTIDE_CORS_ORIGINS: origins.default([]),
  /** Proxies of ours in front of the API, whose X-Forwarded-For is believed; none by default. */
  BLACKTIDE_TRUSTED_PROXIES: networks.default([]),
  /** Health and metrics of a process without the api role; default API port + the role's own offset. */
  BLACKTIDE_HEALTH_PORT: port.optional(),
});

export interface Config {
  readonly dataDir: string;
  readonly apiPort: number;
  readonly edgePort: number;
  readonly roles: readonly CoreRole[];
  readonly allowPrivateTargets: boolean;
  readonly registration: 'closed' | 'open';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Undefined runs the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Undefined runs the in-process stream. */
  readonly natsUrl: string | undefined;
  readonly edgeUrl: string;
  readonly publicUrl: string;
  readonly statusUrl: string;
  readonly corsOrigins: readonly string[];
  /** Addresses and networks (CIDR). */
  readonly trustedProxies: readonly string[];
  readonly healthPort: number | undefined;
}

/** A setting that cannot be used. The message is one sentence for the person at the terminal. */
export class ConfigError extends Error {}

/** Reads the settings from an environment; `oneMachine` is true for everything that standalone/ starts. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  options: { oneMachine: boolean },
): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settingsSchema.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError(`${issue?.path.join('.') ?? 'A setting'}: ${issue?.message ?? 'is not valid'}.`);
  }
  const settings = parsed.data;
  if (settings.NATS_URL === undefined && settings.BLACKTIDE_ROLES.length < CORE_ROLES.length) {
    throw new ConfigError(
      `BLACKTIDE_ROLES=${settings.BLACKTIDE_ROLES.join(',')} needs NATS_URL: without a NATS server all roles must run in one process.`,
    );
  }
  const edgeUrl = settings.BLACKTIDE_EDGE_URL ?? `http://127.0.0.1:${settings.BLACKTIDE_EDGE_PORT}`;
  return {
    dataDir: settings.BLACKTIDE_DATA_DIR,
    apiPort: settings.BLACKTIDE_API_PORT,
    edgePort: settings.BLACKTIDE_EDGE_PORT,
    roles: settings.BLACKTIDE_ROLES,
    // An edge elsewhere is how a service for others is run: their webhooks must not reach its own network.
    allowPrivateTargets: settings.BLACKTIDE_ALLOW_PRIVATE_TARGETS ?? (options.oneMachine && isThisMachine(edgeUrl)),
    registration: settings.BLACKTIDE_REGISTRATION,
    logLevel: settings.BLACKTIDE_LOG_LEVEL,
    databaseUrl: settings.DATABASE_URL,
    natsUrl: settings.NATS_URL,
    edgeUrl,
    publicUrl: settings.BLACKTIDE_PUBLIC_URL ?? `http://localhost:${settings.BLACKTIDE_API_PORT}`,
    statusUrl: settings.BLACKTIDE_STATUS_URL ?? `http://localhost:${settings.BLACKTIDE_EDGE_PORT}`,
    corsOrigins: settings.BLACKTIDE_CORS_ORIGINS,
    trustedProxies: settings.BLACKTIDE_TRUSTED_PROXIES,
    healthPort: settings.BLACKTIDE_HEALTH_PORT,
  };
}

function isThisMachine(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}
