import type { SampleObjects } from './sample-objects.ts';
import type { TestApp } from './test-app.ts';

/** The keywords of JSON Schema that the product's own OpenAPI document uses. */
export interface DocumentedSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly const?: string | number | boolean | null;
  readonly enum?: readonly (string | number)[];
  readonly anyOf?: readonly DocumentedSchema[];
  readonly oneOf?: readonly DocumentedSchema[];
  readonly allOf?: readonly DocumentedSchema[];
  readonly properties?: Readonly<Record<string, DocumentedSchema>>;
  readonly required?: string[];
  readonly additionalProperties?: DocumentedSchema;
  readonly items?: DocumentedSchema;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface DocumentedRoute {
  readonly method: string;
  /** The path with its parameters in braces, e.g. `/api/v1/monitors/{id}`. */
  readonly template: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: DocumentedSchema }[];
  readonly body: DocumentedSchema | null;
  /** Names of the security schemes that the route accepts; empty for a route without authentication. */
  readonly signIns: readonly string[];
}

interface Operation {
  readonly parameters: DocumentedRoute['parameters'];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: DocumentedSchema }> };
  readonly security?: readonly Record<string, unknown>[];
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly security: readonly Record<string, unknown>[];
  readonly components: { readonly schemas: Record<string, DocumentedSchema> };
}

/** Every route of the OpenAPI document. Tests that are generated from it cover new routes without a change. */
export async function documentedRoutes(
  app: TestApp,
): Promise<{ routes: DocumentedRoute[]; schemas: Record<string, DocumentedSchema> }> {
  const document: Document = (await app.request('GET', '/api/v1/openapi.json')).body;
  const routes = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const security = operation.security ?? document.security;
      const open = security.some((way) => Object.keys(way).length === 0);
      return {
        method: method.toUpperCase(),
        template,
        parameters: operation.parameters,
        body: operation.requestBody?.content['application/json']?.schema ?? null,
        signIns: open ? [] : security.flatMap((way) => Object.keys(way)),
      };
    }),
  );
  return { routes, schemas: document.components.schemas };
}

const OBJECT_OF: Readonly<Record<string, keyof SampleObjects>> = {
  '/monitors/{id}': 'monitor',
  '/alert-rules/{id}': 'alertRule',
  '/channels/{id}': 'channel',
  '/incidents/{id}': 'incident',
  '/status-pages/{id}': 'statusPage',
  '/components/{componentId}': 'component',
  '/api-keys/{id}': 'apiKey',
  '/dead-letters/{id}': 'deadLetter',
  '/sessions/{id}': 'session',
};

/** Replaces each `{parameter}` by the id of the object that the preceding segment names. */
export function pathOf(template: string, owned: SampleObjects): string {
  return template.replace(/(\/[^/{}]+)\/(\{[^}]+\})/g, (_, collection: string, parameter: string) => {
    const kind = OBJECT_OF[`${collection}/${parameter}`];
    if (kind === undefined) throw new Error(`Which object does ${parameter} of ${template} name? Add it to OBJECT_OF.`);
    return `${collection}/${owned[kind]}`;
  });
}
