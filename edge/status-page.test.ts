import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { PAGE_DIRECTORY_NAME, type PageView, pageViewSchema } from '#domain/page/snapshot.ts';
import type { MonitorShard } from '#edge/monitor-shard.ts';
import type { StatusPage } from '#edge/status-page.ts';
import { newPage } from '#tests/edge/page.ts';
import {
  assign,
  behave,
  bindings,
  newMonitor,
  newShardName,
  order,
  shardOf,
  until,
  untilEvents,
  untilResults,
} from '#tests/edge/shard.ts';

async function viewOf(slug: string): Promise<PageView | null> {
  const answer = await bindings.STATUS_PAGES.getByName(slug).fetch('https://page/view');
  return answer.status === 200 ? pageViewSchema.parse(await answer.json()) : null;
}

async function put({ componentId: _componentId, ...page }: ReturnType<typeof newPage>) {
  const answer = await order('PUT', `/edge/v1/pages/${page.slug}`, page);
  expect(answer.status).toBe(200);
  return answer.json();
}

describe('a status page', () => {
  it('takes snapshots forward only, and each changes its revision', async () => {
    const page = newPage({ version: 3 });
    expect(await viewOf(page.slug)).toBeNull();
    expect(await put(page)).toEqual({ applied: true, version: 3 });
    const first = await viewOf(page.slug);
    expect(first?.page.name).toBe('Shop');
    expect(await put({ ...page, version: 2, name: 'Old' })).toEqual({ applied: false, version: 3 });
    expect(await viewOf(page.slug)).toEqual(first);
    await put({ ...page, version: 4, name: 'New' });
    const second = await viewOf(page.slug);
    expect(second?.page.name).toBe('New');
    expect(second?.revision).not.toBe(first?.revision);
  });

  it('hears from its shards directly; the newer observation wins, whichever way it came', async () => {
    const page = newPage();
    await put(page);
    const stub = bindings.STATUS_PAGES.getByName(page.slug);
    const state = (status: 'up' | 'down', second: number) => {
      const at = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
      return { componentId: page.componentId, status, since: at, observedAt: at };
    };
    await stub.putStates([state('down', 10)]);
    const down = await viewOf(page.slug);
    expect(down?.page.components[0]?.status).toBe('down');
    await stub.putStates([state('up', 5)]);
    expect(await viewOf(page.slug)).toEqual(down);
    // A snapshot with an older observation does not replace the state; one with a newer observation does.
    const component = page.components[0];
    if (component === undefined) throw new Error('the page has no component');
    await put({
      ...page,
      version: 2,
      components: [{ ...component, status: 'up', observedAt: state('up', 9).observedAt }],
    });
    expect((await viewOf(page.slug))?.page.components[0]?.status).toBe('down');
    await put({
      ...page,
      version: 3,
      components: [{ ...component, status: 'up', observedAt: state('up', 11).observedAt }],
    });
    expect((await viewOf(page.slug))?.page.components[0]?.status).toBe('up');
  });

  it('turns red by its shard alone, and green again', async () => {
    const page = newPage();
    await put(page);
    const shard = newShardName();
    const monitor = newMonitor({ components: [{ slug: page.slug, componentId: page.componentId }] });
    await behave(monitor, { status: 500 });
    await assign(shard, 1, [monitor]);
    const untilStatus = (status: string) =>
      until(status, async () => ((await viewOf(page.slug))?.page.components[0]?.status === status ? true : null));
    await untilStatus('down');
    await untilResults(shard, 6);
    await behave(monitor, {});
    // A changed setting of the check starts a round at once.
    await assign(shard, 2, [{ ...monitor, timeoutMs: monitor.timeoutMs + 1 }]);
    await untilStatus('up');
    await assign(shard, 3, [{ ...monitor, enabled: false }]);
    await untilStatus('paused');
  });

  it('hears from its shard although another page of the shard cannot be told', async () => {
    const broken = newPage({ slug: `a-${crypto.randomUUID()}` });
    const page = newPage({ slug: `b-${crypto.randomUUID()}` });
    await put(page);
    const shard = newShardName();
    await assign(shard, 1, []);
    await runInDurableObject<MonitorShard, void>(shardOf(shard), (instance) => {
      const unreachable = { putStates: () => Promise.reject(new Error('the page is away')) };
      const STATUS_PAGES = {
        getByName: (slug: string) => (slug === broken.slug ? unreachable : bindings.STATUS_PAGES.getByName(slug)),
      };
      Object.assign(instance, { env: { ...bindings, STATUS_PAGES } });
    });
    const components = [broken, page].map(({ slug, componentId }) => ({ slug, componentId }));
    await assign(shard, 2, [newMonitor({ components })]);
    await until('up', async () => ((await viewOf(page.slug))?.page.components[0]?.status === 'up' ? true : null));
  });

  it('learns how a component is when it is bound to a monitor that runs already', async () => {
    const page = newPage();
    await put(page);
    const shard = newShardName();
    const monitor = newMonitor();
    await assign(shard, 1, [monitor]);
    await untilEvents(shard, 'monitor.status', 1);
    await assign(shard, 2, [{ ...monitor, components: [{ slug: page.slug, componentId: page.componentId }] }]);
    await until('up', async () => ((await viewOf(page.slug))?.page.components[0]?.status === 'up' ? true : null));
  });

  it('says unknown when nobody vouches for a component any more, until its shard does again', async () => {
    const page = newPage();
    await put(page);
    const stub = bindings.STATUS_PAGES.getByName(page.slug);
    const shard = newShardName();
    await assign(shard, 1, [newMonitor({ components: [{ slug: page.slug, componentId: page.componentId }] })]);
    const untilStatus = (status: string) =>
      until(status, async () => {
        const view = await viewOf(page.slug);
        return view?.page.components[0]?.status === status ? view : null;
      });
    const up = await untilStatus('up');
    await stub.vouch([{ componentId: page.componentId, untilMs: Date.now() - 1 }]);
    const unknown = await untilStatus('unknown');
    expect(unknown.revision).not.toBe(up.revision);
    // A shard that wakes vouches with its first alarm.
    await evictDurableObject(shardOf(shard));
    await shardOf(shard).revive();
    expect((await untilStatus('up')).revision).toBe(up.revision);
  });

  it('does not trust a shard that nobody has heard of for long, whoever wakes the page', async () => {
    const page = newPage();
    await put(page);
    const stub = bindings.STATUS_PAGES.getByName(page.slug);
    const at = new Date().toISOString();
    await stub.putStates([{ componentId: page.componentId, status: 'up', since: at, observedAt: at }]);
    await stub.vouch([]);
    expect((await viewOf(page.slug))?.page.components[0]?.status).toBe('up');
    await runInDurableObject<StatusPage, void>(stub, (_, { storage }) => {
      storage.sql.exec('UPDATE heard SET ms = ms - ?', 9 * 60_000);
    });
    await evictDurableObject(stub);
    expect((await viewOf(page.slug))?.page.components[0]?.status).toBe('unknown');
  });

  it('is listed for visitors from its first snapshot until it is removed', async () => {
    const page = newPage();
    const directory = bindings.PAGE_DIRECTORY.getByName(PAGE_DIRECTORY_NAME);
    const ask = async () => (await directory.fetch(`https://pages/${page.slug}`)).status;
    expect(await ask()).toBe(404);
    await put(page);
    expect(await ask()).toBe(204);
    await order('DELETE', `/edge/v1/pages/${page.slug}`);
    expect(await ask()).toBe(404);
  });

  it('is gone when it is removed, and its caches do not outlive it', async () => {
    const page = newPage();
    await put(page);
    const before = await viewOf(page.slug);
    expect((await order('DELETE', `/edge/v1/pages/${page.slug}`)).status).toBe(204);
    expect(await viewOf(page.slug)).toBeNull();
    expect(await put(page)).toEqual({ applied: true, version: 1 });
    expect((await viewOf(page.slug))?.revision).toBeGreaterThan(before?.revision ?? Number.POSITIVE_INFINITY);
  });
});
