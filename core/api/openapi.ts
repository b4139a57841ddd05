import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import { problemSchema } from '#domain/base/problem.ts';
import type { ApiEnv } from './env.ts';

type Json = Record<string, unknown>;
type Document = Json & { paths: Record<string, Record<string, Json>> };

const DESCRIPTION = `Programs send \`Authorization: Bearer btk_…\`; browsers hold cookies and send the cookie \`bt_csrf\` as
\`X-CSRF-Token\` with every write. Errors are RFC 9457 problems with a stable \`code\`. Lists are pages: send
\`nextCursor\` back as \`cursor\`. Every POST outside /auth takes an \`Idempotency-Key\`, kept for 24 hours.`;

/** One JSON value of any shape: the only recursive schema of the document. */
const ANY_JSON = 'AnyJson';

/**
 * The OpenAPI 3.1 document of the registered routes. Schemas are written by zod's own JSON Schema writer (OpenAPI 3.1
 * uses JSON Schema 2020-12), which supports recursion, defaults and unions.
 */
export function openApiDocument(api: OpenAPIHono<ApiEnv>, basePath: string): Document {
  const components = new Components();
  const problem = {
    description: 'A problem',
    content: { 'application/problem+json': { schema: components.of(problemSchema, 'output') } },
  };
  const paths: Document['paths'] = {};
  for (const definition of api.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue;
    const { route } = definition;
    const path = (basePath + route.path).replace(/(.)\/$/, '$1');
    const operations = paths[path] ?? {};
    operations[route.method] = operation(components, route, path, problem);
    paths[path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'BlackTide',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }, { accessCookie: [] }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'btk_…' },
        accessCookie: { type: 'apiKey', in: 'cookie', name: '__Host-bt_access' },
        refreshCookie: { type: 'apiKey', in: 'cookie', name: '__Secure-bt_refresh' },
      },
    },
  };
}

function operation(components: Components, route: RouteConfig, path: string, problem: Json): Json {
  const { request, responses } = route;
  const body = request?.body;
  return {
    operationId: `${route.method} ${path}`.replace(/[^a-zA-Z0-9]+/g, '_').replace(/_$/, ''),
    tags: route.tags,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.security === undefined ? {} : { security: route.security }),
    parameters: [
      ...parameters(components, 'path', request?.params),
      ...parameters(components, 'query', request?.query),
      ...parameters(components, 'header', request?.headers),
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.required === true, content: content(components, body.content, 'input') } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [status, answer(components, response)]),
      ),
      default: problem,
    },
  };
}

function answer(components: Components, response: RouteConfig['responses'][string]): Json {
  if ('$ref' in response) return { ...response };
  const { description, content: types } = response;
  return {
    description,
    ...(types === undefined ? {} : { content: content(components, types, 'output') }),
  };
}

function content(components: Components, types: Json, io: 'input' | 'output'): Json {
  return Object.fromEntries(
    Object.entries(types).map(([type, media]) => {
      const schema = (media as { schema?: unknown } | undefined)?.schema;
      return [type, schema instanceof z.ZodType ? { schema: components.of(schema, io) } : {}];
    }),
  );
}

function parameters(components: Components, place: 'path' | 'query' | 'header', schema: unknown): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).map(([name, shape]) => ({
    name,
    in: place,
    required: place === 'path' || !shape.safeParse(undefined).success,
    schema: components.of(shape, 'input'),
  }));
}

/** `components.schemas`: named schemas (`.meta({ id })`) are defined once and referenced. */
class Components {
  readonly schemas: Record<string, unknown> = { [ANY_JSON]: { description: 'Any JSON value' } };

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    // zod writes a named schema as a reference only inside another schema, hence the tuple.
    const written = z.toJSONSchema(z.tuple([schema]), { io, unrepresentable: 'any', override: simplify });
    for (const [name, definition] of Object.entries(written.$defs ?? {})) {
      if (!isAnyJson(name)) this.schemas[name] = rebase({ ...definition });
    }
    const [only] = Array.isArray(written.prefixItems) ? written.prefixItems : [];
    return rebase(only);
  }
}

function isAnyJson(name: string): boolean {
  return name.startsWith('__schema');
}

/** `#/$defs/…` of one schema → `#/components/schemas/…` of the document. */
function rebase(schema: unknown): Json {
  const text = JSON.stringify(schema).replace(/"#\/\$defs\/([^"]+)"/g, (_, name: string) =>
    JSON.stringify(`#/components/schemas/${isAnyJson(name) ? ANY_JSON : name}`),
  );
  return JSON.parse(text);
}

/** Removes keywords without information for a reader: limits of doubles, and the pattern behind a named format. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}
