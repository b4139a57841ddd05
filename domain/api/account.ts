import { z } from 'zod';
import { name, timestamp } from './common.ts';

/** The minimum length makes a password hard to guess; the maximum bounds the work of hashing it. */
export const PASSWORD_LENGTH_MIN = 10;
const PASSWORD_LENGTH_MAX = 1000;
const password = z
  .string()
  .min(PASSWORD_LENGTH_MIN, `use at least ${PASSWORD_LENGTH_MIN} characters`)
  .max(PASSWORD_LENGTH_MAX);
/** A password that was set before need not follow the rules of today. */
const heldPassword = z.string().min(1).max(PASSWORD_LENGTH_MAX);
const email = z
  .email()
  .max(254)
  .transform((value) => value.toLowerCase());

export const registerSchema = z.strictObject({
  email,
  password,
  name,
  /** For the first account, unless it is made on the machine itself: the start prints it. */
  setupToken: z.string().max(100).optional(),
});
export const loginSchema = z.strictObject({ email, password: heldPassword });

/** POST /auth/password */
export const passwordChangeSchema = z.strictObject({ currentPassword: heldPassword, newPassword: password });

/** A signed-in browser of the user who asks. */
export const sessionSchema = z.object({
  id: z.string(),
  createdAt: timestamp,
  /** When its access was last renewed, which a used one does every 15 minutes. */
  lastSeenAt: timestamp,
  /** When it ends if it is not used again. */
  expiresAt: timestamp,
  /** Of the sign-in, or of the latest renewal. */
  address: z.string(),
  userAgent: z.string(),
  /** It is the session that asks. */
  current: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;

export const ROLES = ['owner', 'admin', 'member', 'viewer'] as const;

/** Answer of register, login, refresh and GET /auth/me. */
export const accountSchema = z.object({
  user: z.object({ id: z.string(), email: z.string(), name: z.string(), createdAt: timestamp }),
  organization: z.object({ id: z.string(), name: z.string(), role: z.enum(ROLES) }),
  /** True when the account owns the installation. */
  installationOwner: z.boolean(),
});
export type Account = z.infer<typeof accountSchema>;

/** GET /auth/setup (public): how the one who asks may register. */
export const setupSchema = z.object({
  /** No account exists yet. */
  firstAccount: z.boolean(),
  registrationOpen: z.boolean(),
  /** The first account is made from another machine. */
  setupTokenNeeded: z.boolean(),
});

export const API_KEY_SCOPES = ['read', 'write', 'admin'] as const;
export const apiKeyCreateSchema = z.strictObject({
  name,
  scopes: z.array(z.enum(API_KEY_SCOPES)).min(1).max(3),
  expiresInDays: z.int().min(1).max(3650).optional(),
});
export const apiKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(API_KEY_SCOPES)),
  /** First characters of the key, by which a person recognises it. */
  prefix: z.string(),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;
/** `key` is shown in this answer only. */
export const apiKeyCreatedSchema = apiKeySchema.extend({ key: z.string() });
