import type { z } from 'zod';
import { isJsonObject } from '#domain/base/json-object.ts';
import { plainMessage, sentence } from '../format/plain-message.ts';

/** The API's refusal of a form, by path, with the form's content at that time. */
export interface Refusal {
  readonly fieldErrors: ReadonlyMap<string, string>;
  readonly draft: unknown;
}

/**
 * Messages at a form's fields, by paths such as `config.url`. The form's own rules have priority. A refusal by the API
 * is shown until the field is changed. Pure.
 */
export function draftMessages(
  draft: unknown,
  issues: readonly z.core.$ZodIssue[],
  refusal: Refusal | null,
): ReadonlyMap<string, string> {
  const messages = new Map<string, string>();
  for (const issue of issues) {
    const path = issue.path.join('.');
    if (!messages.has(path)) messages.set(path, plainMessage(issue));
  }
  for (const [path, message] of refusal?.fieldErrors ?? []) {
    const unchanged = textAt(draft, path) === textAt(refusal?.draft, path);
    if (unchanged && !messages.has(path)) messages.set(path, sentence(message));
  }
  return messages;
}

function textAt(draft: unknown, path: string): string | undefined {
  let value = draft;
  for (const key of path.split('.')) {
    if (Array.isArray(value)) value = value[Number(key)];
    else value = isJsonObject(value) ? value[key] : undefined;
  }
  return JSON.stringify(value);
}
