import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { accountQuery, openIncidentsQuery } from '../api/queries.ts';
import { command } from '../api/request.ts';
import { count } from '../format/measures.ts';
import type { ConnectionState } from '../live/connection.ts';
import { useLive } from '../live/use-live.ts';
import { Brand } from './brand.tsx';
import { Moment } from './moment.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { useNow } from './use-now.ts';

const CONNECTION_WORDS = {
  connecting: 'Connecting…',
  live: 'Live',
  offline: 'Not live, trying again',
} as const satisfies Record<ConnectionState, string>;

/** The frame of every page behind the sign-in: navigation, connection, theme, account. */
export function Shell() {
  const { state: connection, awaySinceMs } = useLive();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [menuPath, setMenuPath] = useState<string | null>(null);
  const open = menuPath === path;
  const main = useMainFocus(path);

  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <header className={open ? 'sidebar open' : 'sidebar'}>
        <div className="sidebar-content">
          <div className="sidebar-top">
            <Link to="/monitors" className="brand">
              <Brand />
            </Link>
            <button
              type="button"
              className="button small menu-button"
              aria-expanded={open}
              onClick={() => setMenuPath(open ? null : path)}
            >
              Menu
            </button>
          </div>
          <Navigation />
          <div className="sidebar-foot">
            <output className={`connection ${connection}`} aria-label="Live connection">
              {CONNECTION_WORDS[connection]}
            </output>
            <ThemeSwitch />
            <AccountRow />
          </div>
        </div>
      </header>
      <main id="content" ref={main} tabIndex={-1}>
        <div role="status">{awaySinceMs !== null && <NotLive sinceMs={awaySinceMs} />}</div>
        <Outlet />
      </main>
    </div>
  );
}

/** A shorter disconnection of the live stream is not shown. */
const AWAY_TOLD_AFTER_MS = 5_000;

/** Warns that the page is not live, because its content looks current and is not. */
function NotLive({ sinceMs }: { readonly sinceMs: number }) {
  if (useNow() - sinceMs < AWAY_TOLD_AFTER_MS) return null;
  return (
    <p className="not-live">
      Not live since <Moment at={new Date(sinceMs).toISOString()} seconds />: what you see may be older. It is read
      again every minute.
    </p>
  );
}

function Navigation() {
  const open = useQuery(openIncidentsQuery).data?.length ?? 0;
  return (
    <nav aria-label="Main">
      <Link to="/monitors">Monitors</Link>
      <Link to="/incidents">
        Incidents
        {open > 0 && (
          <span className="nav-count" role="img" aria-label={`${open} open`} title={count(open, 'open incident')}>
            {open}
          </span>
        )}
      </Link>
      <Link to="/status-pages">Status pages</Link>
      <Link to="/channels">Channels</Link>
      <Link to="/locations">Locations</Link>
      <Link to="/api-keys">API keys</Link>
    </nav>
  );
}

function AccountRow() {
  const { data: account } = useQuery(accountQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: () => command('/auth/logout'),
    onSuccess: async () => {
      await navigate({ to: '/sign-in' });
      client.clear();
    },
  });
  if (account === undefined) return null;
  return (
    <div className="account">
      <Link to="/account" className="account-name" title={account.user.email}>
        {account.user.name}
      </Link>
      <button type="button" className="button plain small" onClick={() => signOut.mutate()}>
        Sign out
      </button>
    </div>
  );
}

/** After a navigation the focus of keyboard and screen reader moves to the content. */
function useMainFocus(path: string) {
  const main = useRef<HTMLElement>(null);
  const previous = useRef(path);
  useEffect(() => {
    if (previous.current === path) return;
    previous.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
