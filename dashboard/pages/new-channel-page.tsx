import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { channelCreatedSchema, channelCreateSchema } from '#domain/api/alerting.ts';
import { channelsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Page } from '../ui/page.tsx';
import { Secret } from '../ui/secret.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';
import { HeadersEditor } from './headers-editor.tsx';
import type { Pair } from './monitor-draft.ts';

interface Draft {
  readonly name: string;
  readonly url: string;
  readonly default: boolean;
  readonly headers: readonly Pair[];
}

export function NewChannelPage() {
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>({ name: '', url: '', default: true, headers: [] });
  const body = requestOf(draft);
  const create = useMutation({
    mutationFn: () => request('/channels', channelCreatedSchema, { method: 'POST', body }),
    onSuccess: () => client.invalidateQueries(channelsQuery),
  });
  const errors = useDraftErrors(channelCreateSchema, body, create.error);
  const made = create.data;

  if (made !== undefined) {
    return (
      <Page
        title="Channel created"
        heading={`${made.name} is ready`}
        crumb={<Link to="/channels">Channels</Link>}
        lead="Keep its signing secret now: it is shown this once."
      >
        <div className="form narrow">
          <Secret label="Signing secret" value={made.config.secret} />
          <p className="quiet">
            Each message carries the headers webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks).
            Check the signature with this secret before you trust a message.
          </p>
          <p className="actions">
            <Link to="/channels/$channelId" params={{ channelId: made.id }} className="button primary">
              Go on to test it
            </Link>
          </p>
        </div>
      </Page>
    );
  }

  return (
    <Page
      title="Add channel"
      heading="Where should BlackTide tell you?"
      crumb={<Link to="/channels">Channels</Link>}
      lead="A webhook: a signed POST to a URL of yours for every incident."
    >
      <form
        className="form narrow"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (errors.submit()) create.mutate();
        }}
      >
        <TextField
          label="Webhook URL"
          error={errors.of('config.url')}
          help="Answers of 200 to 299 count as delivered."
          type="url"
          placeholder="https://example.com/hooks/blacktide"
          value={draft.url}
          onBlur={() => errors.touch('config.url')}
          onText={(text) => setDraft({ ...draft, url: text })}
        />
        <TextField
          label="Channel name"
          optional
          error={errors.of('name')}
          placeholder={hostOf(draft.url)}
          value={draft.name}
          onText={(text) => setDraft({ ...draft, name: text })}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={draft.default}
            onChange={(event) => setDraft({ ...draft, default: event.target.checked })}
          />
          <span>
            Tell it about every incident
            <small>Otherwise only alert rules that name it use it.</small>
          </span>
        </label>
        <HeadersEditor
          headers={draft.headers}
          errorOf={errors.of}
          onChange={(headers) => setDraft({ ...draft, headers })}
        />
        {create.error !== null && <ErrorNotice error={create.error} />}
        <div className="actions">
          <button type="submit" className="button primary" disabled={create.isPending}>
            {create.isPending ? 'Creating…' : 'Create channel'}
          </button>
          <Link to="/channels" className="button">
            Cancel
          </Link>
        </div>
      </form>
    </Page>
  );
}

function requestOf(draft: Draft) {
  return {
    name: draft.name.trim() === '' ? hostOf(draft.url) : draft.name,
    type: 'webhook',
    default: draft.default,
    config: {
      url: draft.url.trim(),
      headers: Object.fromEntries(
        draft.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
      ),
    },
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'Webhook';
}
