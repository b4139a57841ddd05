import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeWhole } from './write-whole.ts';

describe('a file that is written whole', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'blacktide-whole-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('replaces the one before, is readable by its owner only and leaves nothing beside it', () => {
    const path = join(dir, 'file');
    writeFileSync(path, 'a longer text before', { mode: 0o644 });
    const { ino } = statSync(path);
    writeWhole(path, 'after');
    expect(readFileSync(path, 'utf8')).toBe('after');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // Another file: whoever reads the old one meanwhile reads it to its end.
    expect(statSync(path).ino).not.toBe(ino);
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it('is as it was before when it cannot be written', () => {
    const path = join(dir, 'folder');
    expect(() => writeWhole(join(path, 'file'), 'after')).toThrow('ENOENT');
    expect(readdirSync(dir)).toEqual([]);
  });
});
