import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { ApiError } from '../api/api-error.ts';
import { monitor } from '../fixtures/answers.ts';
import { EMPTY_CHANNEL } from './channel-draft.ts';
import { ChannelForm } from './channel-form.tsx';
import { draftOf, type MonitorDraft } from './monitor-draft.ts';
import { MonitorForm } from './monitor-form.tsx';

// The forms are only rendered here; of the browser they need an event target for presses.
vi.hoisted(() => vi.stubGlobal('window', new EventTarget()));

const AGAIN = 'give it again: the URL leads to another host';
const nothing = () => {};

function refusedAt(path: string): ApiError {
  const problem = { type: 'about:blank', title: 'x', status: 422, code: 'validation_failed', traceId: '0' } as const;
  return new ApiError(422, AGAIN, { ...problem, errors: [{ path, message: AGAIN }] });
}

function rendered(form: ReactNode): string {
  return renderToStaticMarkup(<QueryClientProvider client={new QueryClient()}>{form}</QueryClientProvider>);
}

function monitorForm(error: unknown, draft: Partial<MonitorDraft> = {}): string {
  const shared = { submitLabel: 'Save', pending: false, cancel: null, onSubmit: nothing };
  const trial = { path: '/monitors/x/test', bodyOf: () => ({}) };
  return rendered(
    <MonitorForm {...shared} error={error} trial={trial} initial={{ ...draftOf(monitor()), ...draft }} />,
  );
}

/** The label of every field marked as wrong, with its message. */
function marked(html: string): [string, string][] {
  return [...html.matchAll(/<label for="([^"]+)"[^>]*>([^<]*)/g)].flatMap(([, id, label = '']) => {
    const message = new RegExp(`id="${id}-error">([^<]*)`).exec(html)?.[1];
    return message === undefined ? [] : [[label, message] as [string, string]];
  });
}
const requestPart = (html: string) => /<details[^>]*>(?=<summary>Request)/.exec(html)?.[0];
const SAID = 'Give it again: the URL leads to another host.';

describe('a secret that has to be given again is asked for where it is typed', () => {
  test.each([
    ['config.auth.password', 'Password', { authType: 'basic', storedAuth: 'basic', username: 'ada' }],
    ['config.auth.token', 'Token', { authType: 'bearer', storedAuth: 'bearer' }],
  ] as const)('%s of a monitor', (path, label, draft) => {
    expect(requestPart(monitorForm(null, draft))).not.toContain('open');
    const refused = monitorForm(refusedAt(path), draft);
    expect(marked(refused)).toEqual([[label, SAID]]);
    expect(requestPart(refused)).toContain('open');
    expect(refused).not.toContain('to keep the stored one');
  });

  test('a header of a channel, at its value', () => {
    const hidden = [{ key: 'a', name: 'Authorization', value: '••••••••' }];
    const initial = { ...EMPTY_CHANNEL, url: 'https://next.example/', headers: hidden };
    const form = (path: string) =>
      rendered(
        <ChannelForm
          initial={initial}
          secretHelp=""
          submitLabel="Save"
          pending={false}
          error={refusedAt(path)}
          cancel={null}
          onSubmit={nothing}
        />,
      );
    expect(marked(form('config.headers.Authorization'))).toEqual([['Header 1 value', SAID]]);
  });

  test('a name of a header that is refused is marked itself', () => {
    const headers = [{ key: 'a', name: 'webhook-id', value: '1' }];
    const refused = monitorForm(refusedAt('config.headers.webhook-id'), { headers });
    expect(marked(refused)).toEqual([['Header 1 name', SAID]]);
  });
});
