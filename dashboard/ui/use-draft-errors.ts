import { useState } from 'react';
import type { z } from 'zod';
import { ApiError } from '../api/api-error.ts';
import { plainMessage } from '../format/plain-message.ts';
import { afterPress } from './after-press.ts';

export interface DraftErrors {
  /** The message for a path such as `config.url`, once the field was left or the form was sent. */
  of(path: string): string | undefined;
  touch(path: string): void;
  /** Shows every message from now on; true when there is none. */
  submit(): boolean;
}

/** Validates a form's draft by the API's own schema while typing, and shows it after a field was left. */
export function useDraftErrors(schema: z.ZodType, draft: unknown, answer: unknown): DraftErrors {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [sent, setSent] = useState(false);
  const parsed = schema.safeParse(draft);
  const issues = parsed.error?.issues ?? [];
  const fromServer = answer instanceof ApiError ? answer.fieldErrors : null;

  return {
    of(path) {
      if (sent || touched.has(path)) {
        const issue = issues.find((candidate) => candidate.path.join('.') === path);
        if (issue !== undefined) return plainMessage(issue);
      }
      return fromServer?.get(path);
    },
    touch(path) {
      if (touched.has(path)) return;
      afterPress(() => setTouched((before) => new Set([...before, path])));
    },
    submit() {
      setSent(true);
      return issues.length === 0;
    },
  };
}
