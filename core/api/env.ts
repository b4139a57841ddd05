import type { HttpBindings } from '@hono/node-server';
import type { ProblemError } from '#core/platform/problem-error.ts';
import type { Caller } from '#core/services/request-context.ts';

/** Variables that middleware sets in hono's context for later handlers. */
export interface ApiEnv {
  /** Absent in tests, which call the app without a server. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    traceId: string;
    ip: string;
    /** null without valid credentials. */
    caller: Caller | null;
    /** The reason why the sent credentials are invalid; null when none were sent. */
    credentialProblem: ProblemError | null;
    /** Inline scripts of the answered page, as CSP sources. */
    scriptHashes: readonly string[];
  };
}
