import type { z } from 'zod';

/** The remedy for a violated rule, in one short sentence. */
export function plainMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'array') return `Choose at least ${issue.minimum}.`;
      if (issue.origin !== 'string') return `Must be at least ${issue.minimum}.`;
      return issue.minimum === 1 ? 'Fill this in.' : `Use at least ${issue.minimum} characters.`;
    case 'too_big':
      if (issue.origin === 'string') return `Use at most ${issue.maximum} characters.`;
      return issue.origin === 'array' ? `At most ${issue.maximum}.` : `Must be at most ${issue.maximum}.`;
    case 'invalid_type':
      return issue.expected === 'string'
        ? 'Fill this in.'
        : `Must be a ${issue.expected === 'int' ? 'whole number' : issue.expected}.`;
    case 'invalid_format':
      return issue.format === 'email' ? 'Must be an e-mail address.' : sentence(issue.message);
    default:
      return sentence(issue.message);
  }
}

/** A rule's text as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
