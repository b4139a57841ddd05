import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { accountSchema } from '#domain/api/account.ts';
import { accountQuery, setupQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { Brand } from '../ui/brand.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { TextField } from '../ui/text-field.tsx';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { next } = route.useSearch();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const client = useQueryClient();
  const router = useRouter();
  const setup = useQuery(setupQuery).data;
  const signIn = useMutation({
    mutationFn: () => request('/auth/login', accountSchema, { method: 'POST', body: { email, password } }),
    onSuccess: (account) => {
      client.clear();
      client.setQueryData(accountQuery.queryKey, account);
      router.history.push(next ?? '/monitors');
    },
  });

  return (
    <main className="gate">
      <title>Sign in · BlackTide</title>
      <div>
        <p className="brand">
          <Brand />
        </p>
        <h1>Sign in</h1>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate();
          }}
        >
          {signIn.error !== null && <ErrorNotice error={signIn.error} />}
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            value={email}
            onText={(text) => setEmail(text)}
          />
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onText={(text) => setPassword(text)}
          />
          <button type="submit" className="button primary" disabled={signIn.isPending}>
            {signIn.isPending ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
        {setup?.registrationOpen === true && (
          <p className="section small-text quiet">
            No account yet? <Link to="/sign-up">Create one</Link>
          </p>
        )}
      </div>
    </main>
  );
}
