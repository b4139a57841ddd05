import { useState } from 'react';
import type { z } from 'zod';
import { ApiError } from '../api/api-error.ts';
import { afterPress } from './after-press.ts';
import { draftMessages } from './draft-messages.ts';

export interface DraftErrors {
  /** The message for a path such as `config.url`, after the field was left or the form submitted. */
  of(path: string): string | undefined;
  /** Whether one of the paths, or a path below, has a message. */
  within(...paths: readonly string[]): boolean;
  touch(path: string): void;
  /** Shows all messages from now on; true when there are none. */
  submit(): boolean;
}

/** Validates a form's draft by the API's schema while typing; a message appears after its field was left. */
export function useDraftErrors(schema: z.ZodType, draft: unknown, answer: unknown): DraftErrors {
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [sent, setSent] = useState(false);
  const [answered, setAnswered] = useState({ answer, draft });
  if (answered.answer !== answer) setAnswered({ answer, draft });
  const issues = schema.safeParse(draft).error?.issues ?? [];
  const messages = draftMessages(
    draft,
    issues.filter(({ path }) => sent || touched.has(path.join('.'))),
    answer instanceof ApiError ? { fieldErrors: answer.fieldErrors, draft: answered.draft } : null,
  );

  return {
    of: (path) => messages.get(path),
    within: (...paths) =>
      [...messages.keys()].some((shown) => paths.some((path) => shown === path || shown.startsWith(`${path}.`))),
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
