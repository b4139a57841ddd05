import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { z } from 'zod';
import { severitySchema } from '#domain/alert/alert.ts';
import { MONITOR_STATUSES } from '#domain/check/status.ts';
import { INCIDENT_STATUSES } from '#domain/incident/incident.ts';
import { isUnauthenticated } from './api/api-error.ts';
import { accountQuery, setupQuery } from './api/queries.ts';
import { CrashPage, NotFoundPage } from './pages/dead-end-page.tsx';
import { MonitorsPage } from './pages/monitors-page.tsx';
import { SignInPage } from './pages/sign-in-page.tsx';
import { SignUpPage } from './pages/sign-up-page.tsx';
import { Shell } from './ui/shell.tsx';

const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  errorComponent: CrashPage,
  notFoundComponent: NotFoundPage,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: z.object({ next: z.string().startsWith('/').optional().catch(undefined) }),
  beforeLoad: async ({ context }) => {
    const setup = await context.client.fetchQuery(setupQuery);
    if (setup.firstAccount) throw redirect({ to: '/sign-up' });
  },
  component: SignInPage,
});
const signUpRoute = createRoute({ getParentRoute: () => rootRoute, path: '/sign-up', component: SignUpPage });

/** The routes behind the sign-in. */
const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(accountQuery);
    } catch (error) {
      if (!isUnauthenticated(error)) throw error;
      throw redirect({ to: '/sign-in', search: { next: location.href } });
    }
  },
});

const indexRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/monitors', replace: true });
  },
});
const monitorsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/monitors',
  validateSearch: z.object({
    q: z.string().optional().catch(undefined),
    status: z.enum(MONITOR_STATUSES).optional().catch(undefined),
    tag: z.string().optional().catch(undefined),
  }),
  component: MonitorsPage,
});
const newMonitorRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/monitors/new',
  component: lazyRouteComponent(() => import('./pages/new-monitor-page.tsx'), 'NewMonitorPage'),
});
const monitorRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/monitors/$monitorId',
  component: lazyRouteComponent(() => import('./pages/monitor-page.tsx'), 'MonitorPage'),
});
const editMonitorRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/monitors/$monitorId/edit',
  component: lazyRouteComponent(() => import('./pages/edit-monitor-page.tsx'), 'EditMonitorPage'),
});
const incidentsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/incidents',
  validateSearch: z.object({
    status: z.enum(INCIDENT_STATUSES).optional().catch(undefined),
    severity: severitySchema.optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./pages/incidents-page.tsx'), 'IncidentsPage'),
});
const newIncidentRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/incidents/new',
  component: lazyRouteComponent(() => import('./pages/new-incident-page.tsx'), 'NewIncidentPage'),
});
const incidentRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/incidents/$incidentId',
  component: lazyRouteComponent(() => import('./pages/incident-page.tsx'), 'IncidentPage'),
});
const channelsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/channels',
  component: lazyRouteComponent(() => import('./pages/channels-page.tsx'), 'ChannelsPage'),
});
const newChannelRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/channels/new',
  component: lazyRouteComponent(() => import('./pages/new-channel-page.tsx'), 'NewChannelPage'),
});
const channelRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/channels/$channelId',
  component: lazyRouteComponent(() => import('./pages/channel-page.tsx'), 'ChannelPage'),
});
const editChannelRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/channels/$channelId/edit',
  component: lazyRouteComponent(() => import('./pages/edit-channel-page.tsx'), 'EditChannelPage'),
});
const statusPagesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/status-pages',
  component: lazyRouteComponent(() => import('./pages/status-pages-page.tsx'), 'StatusPagesPage'),
});
const newStatusPageRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/status-pages/new',
  component: lazyRouteComponent(() => import('./pages/new-status-page-page.tsx'), 'NewStatusPagePage'),
});
const statusPageRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/status-pages/$pageId',
  component: lazyRouteComponent(() => import('./pages/edit-status-page-page.tsx'), 'EditStatusPagePage'),
});
const locationsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/locations',
  component: lazyRouteComponent(() => import('./pages/locations-page.tsx'), 'LocationsPage'),
});
const apiKeysRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/api-keys',
  component: lazyRouteComponent(() => import('./pages/api-keys-page.tsx'), 'ApiKeysPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account-page.tsx'), 'AccountPage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  signUpRoute,
  appRoute.addChildren([
    indexRoute,
    monitorsRoute,
    newMonitorRoute,
    monitorRoute,
    editMonitorRoute,
    incidentsRoute,
    newIncidentRoute,
    incidentRoute,
    channelsRoute,
    newChannelRoute,
    channelRoute,
    editChannelRoute,
    statusPagesRoute,
    newStatusPageRoute,
    statusPageRoute,
    locationsRoute,
    apiKeysRoute,
    accountRoute,
  ]),
]);

export function createAppRouter(client: QueryClient) {
  return createRouter({ routeTree, context: { client }, defaultPreload: 'intent', scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
