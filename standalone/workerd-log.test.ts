import { expect, test } from 'vitest';
import { workerdLine } from './workerd-log.ts';

const DEAD_NAME =
  'Socket proxy disconnected abruptly; e = rust/worker/ffi.rs:119: failed: failed to lookup address information\nstack: 1 2';

test('a line of our Workers stays as it is', () => {
  const line = '{"level":"warn","room":"edge","message":"the core is away"}';
  expect(workerdLine({ level: 'warn', message: line }, 'info')).toBe(line);
});

test.each(['*** Fatal uncaught kj::Exception: out of memory', '{ half of a line', '"text"', '12'])(
  'what workerd says itself is one JSON line: %s',
  (message) => {
    expect(JSON.parse(workerdLine({ level: 'error', message }, 'silent') ?? '')).toEqual({
      level: 'error',
      room: 'workerd',
      message,
    });
  },
);

test('a failed connection, which the result tells, is said at debug only', () => {
  expect(workerdLine({ level: 'error', message: DEAD_NAME }, 'info')).toBeNull();
  const line = workerdLine({ level: 'error', message: DEAD_NAME }, 'debug') ?? '';
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toMatchObject({ level: 'debug', room: 'workerd', message: DEAD_NAME });
});
