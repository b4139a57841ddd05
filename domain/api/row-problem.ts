import { z } from 'zod';

/** What of a stored object cannot be read, by code, with the words for people. */
export const ROW_PROBLEM_WORDS = {
  secret_unreadable: 'Its stored secret cannot be read. Give it again, or delete this.',
  config_unreadable: 'Its stored settings cannot be read. Give them again, or delete this.',
  kind_unknown: 'This version does not know its kind.',
  rule_unreadable: 'What is stored of this rule cannot be read. Give it again, or delete the rule.',
  value_unreadable: 'A stored value of it cannot be read.',
} as const;
export type RowProblemCode = keyof typeof ROW_PROBLEM_WORDS;

/**
 * Present in an answer whose stored object is unreadable in part. `paths` are the members of the answer that stand in
 * for what cannot be read; a PATCH that gives them repairs the object, and one that leaves them out keeps them as they
 * are stored. `code` and `message` are those of the first.
 */
export const rowProblemSchema = z.object({
  code: z.enum(Object.keys(ROW_PROBLEM_WORDS) as [RowProblemCode, ...RowProblemCode[]]),
  message: z.string(),
  paths: z.array(z.string()),
});
export type RowProblem = z.infer<typeof rowProblemSchema>;
