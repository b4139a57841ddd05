import { expect, test } from 'vitest';
import { PROBLEMS, type ProblemCode, problemOf, problemSchema } from './problem.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

test.each(Object.keys(PROBLEMS) as ProblemCode[])('%s is a problem with a type of its own', (code) => {
  const problem = problemOf(code, { traceId });
  expect(problemSchema.parse(problem)).toEqual(problem);
  expect(problem).toEqual({ type: `urn:blacktide:problem:${code}`, code, traceId, ...PROBLEMS[code] });
});

test('says what is wrong and where, and nothing twice', () => {
  const errors = [{ path: 'name', message: 'is missing' }];
  expect(problemOf('validation_failed', { detail: 'Look again.', errors, traceId })).toMatchObject({
    detail: 'Look again.',
    errors,
  });
  expect(problemOf('conflict', { detail: PROBLEMS.conflict.title, errors: [], traceId })).toEqual(
    problemOf('conflict', { traceId }),
  );
});
