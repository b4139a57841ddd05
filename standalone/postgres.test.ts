import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import connect from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '#tests/harness/eventually.ts';
import { startPostgres } from './postgres.ts';

describe('the embedded database', () => {
  let dataDir = '';
  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'blacktide-postgres-'));
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('keeps what was written over a restart', async () => {
    const first = await startPostgres({ dataDir, durable: false });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.close();
    const second = await startPostgres({ dataDir, durable: false });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.close();
  });

  it('recovers after kill -9 of the server', async () => {
    const killed = await startPostgres({ dataDir });
    await query(killed.url, 'CREATE TABLE survived AS SELECT 7 AS answer');
    process.kill(await pidOf(killed.url), 'SIGKILL');
    const next = await startPostgres({ dataDir });
    expect(await query(next.url, 'SELECT answer FROM survived')).toEqual([{ answer: 7 }]);
    await next.close();
    await killed.close();
  });

  it('is started again at the same address when it ends by itself, for everyone who uses it', async () => {
    const said: string[] = [];
    const first = await startPostgres({ dataDir, announce: (sentence) => said.push(sentence) });
    const second = await startPostgres({ dataDir });
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const before = await pidOf(first.url);
      process.kill(before, signal);
      await eventually('another server at the same address', async () => (await pidOf(first.url)) !== before);
      expect(await query(second.url, 'SELECT answer FROM survived')).toEqual([{ answer: 7 }]);
    }
    expect(said.filter((sentence) => sentence.includes('ended by itself'))).toHaveLength(2);
    await first.close();
    expect(await query(second.url, 'SELECT answer FROM survived')).toEqual([{ answer: 7 }]);
    await second.close();
    await expect(query(second.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('is shared by those who start it at the same time on one data directory', async () => {
    const first = await startPostgres({ dataDir, durable: false });
    const second = await startPostgres({ dataDir, durable: false });
    expect(second.url).toBe(first.url);
    await first.close();
    await second.close();
  });

  it('says in one sentence that the data directory is broken', async () => {
    const broken = mkdtempSync(join(tmpdir(), 'blacktide-broken-'));
    const server = await startPostgres({ dataDir: broken, durable: false });
    await server.close();
    writeFileSync(join(broken, 'postgres', 'pgdata', 'PG_VERSION'), 'rubbish\n');
    await expect(startPostgres({ dataDir: broken })).rejects.toThrow(/^The data directory is broken: [^\n]*$/);
    rmSync(broken, { recursive: true, force: true });
  });
});

async function pidOf(url: string): Promise<number> {
  const [row] = await query(url, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid");
  return Number(row?.pid);
}

async function query(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const sql = connect(url, { max: 1, onnotice: () => {} });
  try {
    return [...(await sql.unsafe(statement))];
  } finally {
    await sql.end();
  }
}
