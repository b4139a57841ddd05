import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { z } from 'zod';
import { accountSchema, registerSchema } from '#domain/api/account.ts';
import { accountQuery, setupQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Brand } from '../ui/brand.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';

type Draft = z.input<typeof registerSchema>;

export function SignUpPage() {
  const setup = useQuery(setupQuery).data;
  const [draft, setDraft] = useState<Draft>({ name: '', email: '', password: '' });
  const client = useQueryClient();
  const navigate = useNavigate();
  const signUp = useMutation({
    mutationFn: () => request('/auth/register', accountSchema, { method: 'POST', body: draft }),
    onSuccess: async (account) => {
      client.setQueryData(accountQuery.queryKey, account);
      await navigate({ to: '/monitors' });
    },
  });
  const errors = useDraftErrors(registerSchema, draft, signUp.error);
  const first = setup?.firstAccount === true;
  const closed = setup !== undefined && !first && !setup.registrationOpen;

  if (closed) {
    return (
      <main className="gate">
        <title>Registration is closed · BlackTide</title>
        <div>
          <p className="brand">
            <Brand />
          </p>
          <h1>Registration is closed</h1>
          <p className="quiet">This installation has its accounts already. Ask its owner for one.</p>
          <p className="actions section">
            <Link to="/sign-in" className="button">
              Sign in
            </Link>
          </p>
        </div>
      </main>
    );
  }

  return (
    <main className="gate">
      <title>Create account · BlackTide</title>
      <div>
        <p className="brand">
          <Brand />
        </p>
        <h1>{first ? 'Welcome. Make this installation yours' : 'Create your account'}</h1>
        {first && (
          <p className="quiet">The first account owns the installation. It takes a minute to see your first check.</p>
        )}
        <form
          className="form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (errors.submit()) signUp.mutate();
          }}
        >
          {signUp.error !== null && <ErrorNotice error={signUp.error} />}
          <TextField
            label="Name"
            error={errors.of('name')}
            autoComplete="name"
            value={draft.name}
            onBlur={() => errors.touch('name')}
            onText={(text) => setDraft({ ...draft, name: text })}
          />
          <TextField
            label="E-mail"
            error={errors.of('email')}
            type="email"
            autoComplete="username"
            value={draft.email}
            onBlur={() => errors.touch('email')}
            onText={(text) => setDraft({ ...draft, email: text })}
          />
          <TextField
            label="Password"
            error={errors.of('password')}
            help="At least 10 characters. A sentence is easy to remember."
            type="password"
            autoComplete="new-password"
            value={draft.password}
            onBlur={() => errors.touch('password')}
            onText={(text) => setDraft({ ...draft, password: text })}
          />
          {setup?.setupTokenNeeded === true && (
            <TextField
              label="Set-up token"
              error={errors.of('setupToken')}
              help="The start of the installation prints it in its terminal or log. It is not asked for on the machine itself."
              autoComplete="off"
              value={draft.setupToken ?? ''}
              onBlur={() => errors.touch('setupToken')}
              onText={(text) => setDraft({ ...draft, setupToken: text.trim() })}
            />
          )}
          <button type="submit" className="button primary" disabled={signUp.isPending}>
            {signUp.isPending ? 'Creating…' : 'Create account'}
          </button>
        </form>
        {!first && (
          <p className="section small-text quiet">
            Have an account? <Link to="/sign-in">Sign in</Link>
          </p>
        )}
      </div>
    </main>
  );
}
