import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import { METHOD_NAME_ALL } from 'hono/router';

/**
 * The pattern of what answers a request, for instance `/api/v1/monitors/:id`: the first match that is not
 * middleware. What nothing is made for comes out as the dashboard's `/*`, so there are as many as routes.
 */
export function routePattern(c: Context): string {
  return matchedRoutes(c).find(({ method }) => method !== METHOD_NAME_ALL)?.path ?? '/*';
}
