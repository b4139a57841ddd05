import { type ReactNode, useState } from 'react';
import { channelCreateSchema } from '#domain/api/alerting.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';
import { type ChannelDraft, channelNameFrom, channelRequestOf } from './channel-draft.ts';
import { HeadersEditor } from './headers-editor.tsx';

/** Creates and edits a webhook channel. Only the URL is required. */
export function ChannelForm(props: {
  readonly initial: ChannelDraft;
  readonly secretHelp: string;
  readonly submitLabel: string;
  readonly pending: boolean;
  readonly error: unknown;
  readonly cancel: ReactNode;
  readonly onSubmit: (body: ReturnType<typeof channelRequestOf>) => void;
}) {
  const [draft, setDraft] = useState(props.initial);
  const body = channelRequestOf(draft);
  const errors = useDraftErrors(channelCreateSchema, body, props.error);
  return (
    <form
      className="form narrow"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.submit()) props.onSubmit(body);
      }}
    >
      <TextField
        label="Webhook URL"
        error={errors.of('config.url')}
        help={
          props.initial.url.includes('•')
            ? 'Only its host is shown. Leave it as it is to keep it, or give another one.'
            : 'Answers of 200 to 299 count as delivered.'
        }
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
        placeholder={channelNameFrom(draft.url)}
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
      <TextField
        label="Secret for signatures"
        optional
        error={errors.of('config.secret')}
        help={props.secretHelp}
        className="mono"
        autoComplete="off"
        placeholder="whsec_…"
        value={draft.secret}
        onBlur={() => errors.touch('config.secret')}
        onText={(text) => setDraft({ ...draft, secret: text })}
      />
      {props.error !== null && <ErrorNotice error={props.error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={props.pending}>
          {props.pending ? 'Saving…' : props.submitLabel}
        </button>
        {props.cancel}
      </div>
    </form>
  );
}
