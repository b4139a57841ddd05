import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from './lock.ts';

describe('the lock of a data directory', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'blacktide-lock-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('is had by one process of a kind, and free again when given back', () => {
    const release = acquireLock(dataDir, 'core');
    acquireLock(dataDir, 'edge');
    expect(() => acquireLock(dataDir, 'core')).toThrow(`runs already on ${dataDir} as process ${process.pid}`);
    release();
    acquireLock(dataDir, 'core');
  });

  it('is taken from a holder that was killed, even when its pid is somebody else now', () => {
    acquireLock(dataDir, 'core');
    const file = join(dataDir, 'locks', 'core.json');
    writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    acquireLock(dataDir, 'core');
  });

  it('is taken from a file that a power failure cut short', () => {
    acquireLock(dataDir, 'core');
    writeFileSync(join(dataDir, 'locks', 'core.json'), '');
    acquireLock(dataDir, 'core');
  });
});
