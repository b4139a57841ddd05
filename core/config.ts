import { isIP } from 'node:net';
import { z } from 'zod';
import { CANARIES_MAX, canariesSchema } from '#domain/watch/canary.ts';
import { CANARIES_MIN } from '#domain/watch/dark-location.ts';
import { isLoopbackName } from './loopback.ts';
import type { Quotas } from './services/quota.ts';

/** Every setting of the product, parsed once. README.md lists the same settings; both must be kept in step. */

export const CORE_ROLES = ['api', 'ingest', 'alerts', 'incidents', 'notify', 'aggregate', 'publish'] as const;
export type CoreRole = (typeof CORE_ROLES)[number];

const PORT_MAX = 65_535;
const LOOPBACK = '127.0.0.1';

/** Decimal digits only: `0x50`, `8e3` and `80.0` are refused as ports. */
const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().min(1).max(PORT_MAX));
/** How many of something an organisation may have. */
const amount = z
  .string()
  .regex(/^\d{1,7}$/)
  .transform(Number);
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1');
const url = (protocol: RegExp) => z.url({ protocol, hostname: /./ });
const web = url(/^https?$/);

/** A comma-separated list; `isOne` validates each name. */
const listOf = (isOne: (name: string) => boolean) =>
  z
    .string()
    .transform(listed)
    .refine((names) => names.every(isOne));

function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

function isOrigin(name: string): boolean {
  return /^https?:\/\/[^/]+$/.test(name) && URL.canParse(name);
}

/** An address, or an address with the length of its prefix (CIDR). */
function isNetwork(name: string): boolean {
  const [address = '', prefix, ...more] = name.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return bits !== -1 && fits && more.length === 0;
}

const roles = z
  .string()
  .transform((text) => [...new Set(listed(text))])
  .pipe(z.array(z.enum(CORE_ROLES)).min(1));

const settingsSchema = z.object({
  BLACKTIDE_DATA_DIR: z.string().min(1).default('.blacktide'),
  /** The address on which the ports listen; on one machine loopback, else all. */
  BLACKTIDE_HOST: z.union([z.ipv4(), z.ipv6()]).optional(),
  BLACKTIDE_API_PORT: port.default(8080),
  BLACKTIDE_EDGE_PORT: port.default(8787),
  BLACKTIDE_ROLES: roles.default([...CORE_ROLES]),
  BLACKTIDE_ALLOW_PRIVATE_TARGETS: flag.optional(),
  BLACKTIDE_REGISTRATION: z.enum(['closed', 'open']).default('closed'),
  /** What one organisation may have; see Config.quotas for the reasons of the defaults. */
  BLACKTIDE_QUOTA_MONITORS: amount.default(5_000),
  BLACKTIDE_QUOTA_ALERT_RULES: amount.default(5_000),
  BLACKTIDE_QUOTA_CHANNELS: amount.default(1_000),
  BLACKTIDE_QUOTA_STATUS_PAGES: amount.default(100),
  BLACKTIDE_QUOTA_API_KEYS: amount.default(100),
  /** Checks a minute that one organisation may plan of one host; without limit unless registration is open. */
  BLACKTIDE_QUOTA_HOST_CHECKS: amount.optional(),
  /** What the edge on this machine checks from every location to learn whether the location works; none by default. */
  BLACKTIDE_CANARY_URLS: canariesSchema.optional(),
  BLACKTIDE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: url(/^postgres(ql)?$/).optional(),
  NATS_URL: url(/^(nats|tls)$/).optional(),
  /** Base URL of the edge for the core; default http://127.0.0.1:{BLACKTIDE_EDGE_PORT}. */
  BLACKTIDE_EDGE_URL: web.optional(),
  /** Public URL of the dashboard, used in links; default http://localhost:{BLACKTIDE_API_PORT}. */
  BLACKTIDE_PUBLIC_URL: web.optional(),
  /** Public URL of the status pages, used in links; default http://localhost:{BLACKTIDE_EDGE_PORT}. */
  BLACKTIDE_STATUS_URL: web.optional(),
  /** Origins of other sites whose scripts may call the API with a browser's cookies; none by default. */
  BLACKTIDE_CORS_ORIGINS: listOf(isOrigin).default([]),
  /** Proxies in front of the API whose X-Forwarded-For is trusted; none by default. */
  BLACKTIDE_TRUSTED_PROXIES: listOf(isNetwork).default([]),
  /** Health and metrics of a process without the api role; default API port + the role's own offset. */
  BLACKTIDE_HEALTH_PORT: port.optional(),
});

type Setting = keyof typeof settingsSchema.shape;

const PORT = `a number from 1 to ${PORT_MAX}`;
const AMOUNT = 'a number from 0 to 9999999';
const WEB_URL = 'a URL such as https://example.com';

/** The required form of each setting, as the end of a sentence. */
const EXPECTED: Record<Setting, string> = {
  BLACKTIDE_DATA_DIR: 'the path of a folder',
  BLACKTIDE_HOST: 'an address such as 127.0.0.1, 0.0.0.0 or ::',
  BLACKTIDE_API_PORT: PORT,
  BLACKTIDE_EDGE_PORT: PORT,
  BLACKTIDE_ROLES: `one or more of ${CORE_ROLES.join(', ')}, separated by commas`,
  BLACKTIDE_ALLOW_PRIVATE_TARGETS: 'true or false',
  BLACKTIDE_REGISTRATION: 'closed or open',
  BLACKTIDE_QUOTA_MONITORS: AMOUNT,
  BLACKTIDE_QUOTA_ALERT_RULES: AMOUNT,
  BLACKTIDE_QUOTA_CHANNELS: AMOUNT,
  BLACKTIDE_QUOTA_STATUS_PAGES: AMOUNT,
  BLACKTIDE_QUOTA_API_KEYS: AMOUNT,
  BLACKTIDE_QUOTA_HOST_CHECKS: AMOUNT,
  BLACKTIDE_CANARY_URLS: `${CANARIES_MIN} to ${CANARIES_MAX} URLs on different sites, separated by commas`,
  BLACKTIDE_LOG_LEVEL: 'debug, info, warn, error or silent',
  DATABASE_URL: 'a URL such as postgres://user:password@host:5432/database',
  NATS_URL: 'a URL such as nats://host:4222 or tls://host:4222',
  BLACKTIDE_EDGE_URL: WEB_URL,
  BLACKTIDE_PUBLIC_URL: WEB_URL,
  BLACKTIDE_STATUS_URL: WEB_URL,
  BLACKTIDE_CORS_ORIGINS: 'origins such as https://example.com, without a path, separated by commas',
  BLACKTIDE_TRUSTED_PROXIES: 'addresses or networks such as 10.0.0.0/8, separated by commas',
  BLACKTIDE_HEALTH_PORT: PORT,
};

/** Settings whose value may hold a password. */
const WITH_PASSWORD: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'NATS_URL',
  'BLACKTIDE_EDGE_URL',
  'BLACKTIDE_PUBLIC_URL',
  'BLACKTIDE_STATUS_URL',
  'BLACKTIDE_CORS_ORIGINS',
  'BLACKTIDE_CANARY_URLS',
] satisfies Setting[]);
/** Longest quotation of a value, in characters. */
const SHOWN_LENGTH_MAX = 200;

/** One sentence for each invalid setting: its name, the required form, and its value. */
function refusals(error: z.core.$ZodError, given: Readonly<Record<string, string | undefined>>): string[] {
  const names = new Set(error.issues.map((issue) => String(issue.path[0])));
  return [...names].map((name) => {
    const expected = EXPECTED[name as Setting];
    return `${name} must be ${expected}, got ${shown(name, given[name] ?? '')}.`;
  });
}

/** A value in the form in which a log may show it. */
function shown(name: string, value: string): string {
  const text = WITH_PASSWORD.has(name) ? withoutPassword(value) : value;
  if (text === null) return 'another value (not shown: it may hold a password)';
  return JSON.stringify(text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text);
}

/** The value without its password; null when the password's place is not certain. */
function withoutPassword(value: string): string | null {
  if (!/[@?#;=%]/.test(value)) return value;
  const url = URL.parse(value);
  // A password with an unescaped slash ends the host early, and the rest of it looks like a path.
  if (url === null || url.host === '' || /[@;=%]/.test(url.pathname)) return null;
  const user = url.username + url.password === '' ? '' : '***@';
  const rest = url.search + url.hash === '' ? '' : '?***';
  return `${url.protocol}//${user}${url.host}${url.pathname}${rest}`;
}

/** Whoever runs an installation alone may check a host of their own as often as they like. */
const OPEN_HOST_CHECKS_MAX = 12_000;

export interface Config {
  readonly dataDir: string;
  /** The address on which ports listen; undefined: all. */
  readonly host: string | undefined;
  readonly apiPort: number;
  readonly edgePort: number;
  readonly roles: readonly CoreRole[];
  readonly allowPrivateTargets: boolean;
  readonly registration: 'closed' | 'open';
  /**
   * What one organisation may have. The defaults are what one person or team may come to, several times over: 5,000
   * monitors a minute from six locations are 500 checks a second, a third of what a machine with two cores sustains.
   */
  readonly quotas: Quotas;
  /**
   * Checks a minute that the monitors of one organisation may plan of one host; undefined: any number. With open
   * registration 12,000, 200 a second: 166 monitors at the shortest interval from all locations, and less than what a
   * small server answers.
   */
  readonly hostChecksMax: number | undefined;
  /** URLs that the edge on this machine checks as canaries; empty: there are none. */
  readonly canaryUrls: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Undefined runs the embedded database. */
  readonly databaseUrl: string | undefined;
  /** The folder of the embedded database; absent with DATABASE_URL. */
  readonly storageDir?: string;
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

/** Invalid settings. The message has one sentence for each, for the person at the terminal. */
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
  if (!parsed.success) throw new ConfigError(refusals(parsed.error, present).join('\n'));
  const settings = parsed.data;
  if (settings.NATS_URL === undefined && settings.BLACKTIDE_ROLES.length < CORE_ROLES.length) {
    throw new ConfigError(
      `BLACKTIDE_ROLES=${settings.BLACKTIDE_ROLES.join(',')} needs NATS_URL: without a NATS server all roles must run in one process.`,
    );
  }
  const edgeUrl = settings.BLACKTIDE_EDGE_URL ?? `http://127.0.0.1:${settings.BLACKTIDE_EDGE_PORT}`;
  const isWhole = options.oneMachine && isLoopbackName(new URL(edgeUrl).hostname);
  return {
    dataDir: settings.BLACKTIDE_DATA_DIR,
    host: settings.BLACKTIDE_HOST ?? (isWhole ? LOOPBACK : undefined),
    apiPort: settings.BLACKTIDE_API_PORT,
    edgePort: settings.BLACKTIDE_EDGE_PORT,
    roles: settings.BLACKTIDE_ROLES,
    // An installation with a remote edge, or with open registration, serves others, who must not reach its own network.
    allowPrivateTargets:
      settings.BLACKTIDE_ALLOW_PRIVATE_TARGETS ?? (isWhole && settings.BLACKTIDE_REGISTRATION === 'closed'),
    registration: settings.BLACKTIDE_REGISTRATION,
    quotas: {
      monitors: settings.BLACKTIDE_QUOTA_MONITORS,
      alertRules: settings.BLACKTIDE_QUOTA_ALERT_RULES,
      channels: settings.BLACKTIDE_QUOTA_CHANNELS,
      statusPages: settings.BLACKTIDE_QUOTA_STATUS_PAGES,
      apiKeys: settings.BLACKTIDE_QUOTA_API_KEYS,
    },
    hostChecksMax:
      settings.BLACKTIDE_QUOTA_HOST_CHECKS ??
      (settings.BLACKTIDE_REGISTRATION === 'open' ? OPEN_HOST_CHECKS_MAX : undefined),
    canaryUrls: settings.BLACKTIDE_CANARY_URLS ?? [],
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
