import './no-eval.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/states.css';
import './styles/notices.css';
import './styles/forms.css';
import './styles/monitors.css';
import './styles/figures.css';
import './styles/chart.css';
import './styles/timeline.css';
import './styles/tables.css';
import './styles/rounds.css';
import './styles/narrow-screens.css';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError, isUnauthenticated } from './api/api-error.ts';
import { createAppRouter } from './router.tsx';
import { applyTheme, storedTheme } from './session/theme.ts';

/** Failed queries are retried only without an answer, or after a server error. */
const RETRIES = 2;

applyTheme(storedTheme());

const client = new QueryClient({
  queryCache: new QueryCache({ onError: signInAgain }),
  mutationCache: new MutationCache({ onError: signInAgain }),
  defaultOptions: {
    queries: {
      // The live stream reports changes; see live/use-live.ts.
      refetchOnWindowFocus: false,
      staleTime: 30_000,
      retry: (failures, error) =>
        failures < RETRIES && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
  },
});
const router = createAppRouter(client);

function signInAgain(error: unknown): void {
  const here = router.state.location;
  if (!isUnauthenticated(error) || here.pathname.startsWith('/sign-')) return;
  client.clear();
  void router.navigate({ to: '/sign-in', search: { next: here.href } });
}

/** Loads the other pages when the browser is idle, so that they open at once, even while the server is down. */
function loadPagesAhead(): void {
  for (const route of Object.values(router.routesById)) void router.loadRouteChunk(route);
}
// Safari has no requestIdleCallback; a pause of half a second replaces it.
if ('requestIdleCallback' in window) requestIdleCallback(loadPagesAhead, { timeout: 5_000 });
else setTimeout(loadPagesAhead, 500);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
