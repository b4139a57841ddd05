import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { passwordChangeSchema } from '#domain/api/account.ts';
import { sessionsQuery } from '../api/queries.ts';
import { command } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';

const EMPTY = { currentPassword: '', newPassword: '' };

/** Changes the password of whoever is signed in. */
export function PasswordForm() {
  const client = useQueryClient();
  const [draft, setDraft] = useState(EMPTY);
  const change = useMutation({
    mutationFn: () => command('/auth/password', { body: draft }),
    onSuccess: () => client.invalidateQueries(sessionsQuery),
  });
  const errors = useDraftErrors(passwordChangeSchema, draft, change.error);

  if (change.isSuccess) {
    return (
      <div className="form" role="status">
        <h2>The password is changed</h2>
        <p className="quiet">You are signed out everywhere else. Sign in there with the new password.</p>
        <p className="actions">
          <button
            type="button"
            className="button"
            onClick={() => {
              setDraft(EMPTY);
              change.reset();
            }}
          >
            Done
          </button>
        </p>
      </div>
    );
  }

  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.submit()) change.mutate();
      }}
    >
      <h2>Change password</h2>
      <TextField
        label="Current password"
        error={errors.of('currentPassword')}
        type="password"
        autoComplete="current-password"
        value={draft.currentPassword}
        onBlur={() => errors.touch('currentPassword')}
        onText={(text) => setDraft({ ...draft, currentPassword: text })}
      />
      <TextField
        label="New password"
        error={errors.of('newPassword')}
        help="At least 10 characters. A sentence is easy to remember."
        type="password"
        autoComplete="new-password"
        value={draft.newPassword}
        onBlur={() => errors.touch('newPassword')}
        onText={(text) => setDraft({ ...draft, newPassword: text })}
      />
      {change.error !== null && <ErrorNotice error={change.error} />}
      <p className="actions">
        <button type="submit" className="button primary" disabled={change.isPending}>
          {change.isPending ? 'Changing…' : 'Change password'}
        </button>
      </p>
    </form>
  );
}
