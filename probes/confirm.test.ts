import { describe, expect, it } from 'vitest';
import { NODE_CLOCK } from '#core/runner/network.ts';
import { probeHttp } from '#probes/http/probe.ts';
import type { ProbeClock } from '#probes/network.ts';
import { httpTask, LOCAL_NETWORK } from '#tests/probes/check.ts';
import { type Handler, startHttpServer } from '#tests/probes/local-server.ts';
import { probeWithConfirmation } from './confirm.ts';

/** Checks a server that answers each request with the next status of the list. */
async function story(statuses: readonly number[], options: { transcript?: boolean } = {}, clock = NODE_CLOCK) {
  let asked = 0;
  const answer: Handler = (_request, response) => {
    const status = statuses[asked++];
    // A status of 0 stands for no answer.
    if (status !== undefined && status !== 0) response.writeHead(status).end();
  };
  const server = await startHttpServer(answer);
  try {
    const task = httpTask({ url: server.origin }, options);
    return { ...(await probeWithConfirmation(probeHttp, task, LOCAL_NETWORK, clock)), asked };
  } finally {
    await server.close();
  }
}

describe('confirmation at once', () => {
  it('is not needed for a success', async () => {
    expect(await story([200])).toMatchObject({ outcome: { outcome: 'success' }, attempts: 1, asked: 1 });
  });

  it('turns one bad answer into a success of the second attempt', async () => {
    expect(await story([503, 200])).toMatchObject({
      outcome: { outcome: 'success', statusCode: 200 },
      attempts: 2,
      asked: 2,
    });
  });

  it('confirms a failure with the newest evidence, and stops there', async () => {
    expect(await story([503, 502, 200])).toMatchObject({
      outcome: { outcome: 'failure', statusCode: 502 },
      attempts: 2,
      asked: 2,
    });
  });

  it('checks again after a timeout', async () => {
    // Only the attempt without an answer times out, however slow the machine is.
    let attempts = 0;
    const hasty: ProbeClock = {
      ...NODE_CLOCK,
      after: (ms, fire) => NODE_CLOCK.after(attempts++ === 0 ? 100 : ms, fire),
    };
    expect(await story([0, 200], {}, hasty)).toMatchObject({ outcome: { outcome: 'success' }, attempts: 2 });
  });

  it('tells both stories', async () => {
    const { outcome } = await story([503, 200], { transcript: true });
    const lines = outcome.transcript ?? [];
    expect(lines.indexOf('← 503')).toBeLessThan(lines.indexOf('Checked again at once:'));
    expect(lines.indexOf('← 200')).toBeGreaterThan(lines.indexOf('Checked again at once:'));
  });

  it("leaves the target's failure standing when the second attempt is the probe's own fault", async () => {
    let attempt = 0;
    const confirmed = await probeWithConfirmation(
      async () => {
        attempt++;
        return attempt === 1
          ? { outcome: 'failure', reason: 'connection_refused', responseTimeMs: null }
          : { outcome: 'error', reason: 'probe_error', responseTimeMs: null };
      },
      httpTask({ url: 'http://127.0.0.1' }),
      LOCAL_NETWORK,
      NODE_CLOCK,
    );
    expect(confirmed).toMatchObject({ outcome: { outcome: 'failure', reason: 'connection_refused' }, attempts: 2 });
  });
});
