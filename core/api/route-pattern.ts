import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import { METHOD_NAME_ALL } from 'hono/router';

/**
 * The pattern of the route that answers a request, for instance `/api/v1/monitors/:id`: the first match that is not
 * middleware. A path without a route has the dashboard's `/*`, so the number of patterns is bounded.
 */
export function routePattern(c: Context): string {
  return matchedRoutes(c).find(({ method }) => method !== METHOD_NAME_ALL)?.path ?? '/*';
}
