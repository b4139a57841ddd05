import type { HttpBindings } from '@hono/node-server';
import type { ProblemError } from '#core/platform/problem-error.ts';
import type { Caller } from '#core/services/request-context.ts';

/** What middleware leaves in hono's context for the handlers after it. */
export interface ApiEnv {
  /** Absent in tests, which call the app without a server. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    traceId: string;
    ip: string;
    /** null for a caller without (valid) credentials. */
    caller: Caller | null;
    /** Why credentials that were sent are not good; null when none were sent. */
    credentialProblem: ProblemError | null;
    /** Inline scripts of the page being answered, as CSP sources. */
    scriptHashes: readonly string[];
  };
}
