import { type Agent, type IncomingMessage, request } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { codedTag, contentTag } from '#domain/base/entity-tag.ts';

/** The Worker answers within milliseconds from memory. */
const ANSWER_TIMEOUT_MS = 1_000;
/** The largest page there can be takes 3 MB uncompressed; a larger answer is not kept. */
const PAGE_BYTES_MAX = 8 * 1024 * 1024;
/** What belongs to one connection, or depends on the coding. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'date',
  'content-length',
  'content-encoding',
  'etag',
]);

/** One representation of a status page, as the Worker rendered it. */
export interface RenderedPage {
  /** Names and values in turn, as `writeHead` takes them; without those that depend on the coding. */
  readonly headers: readonly string[];
  /** Of the uncompressed page. */
  readonly tag: string;
  readonly gzip: Buffer;
}

export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
}

/**
 * Asks the Worker for the page at the path; `held`, when the Worker confirms it. null when the Worker sends something
 * that may not be kept: no page, or one whose bytes depend on who asks. Throws when the Worker does not answer in time,
 * or says that it cannot.
 */
export async function readPage(
  upstream: Upstream,
  path: string,
  held: RenderedPage | null,
): Promise<RenderedPage | null> {
  const answer = await ask(upstream, path, held, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
  const body = await bodyOf(answer);
  // `Warning`: the Worker itself could not look at the page's object.
  if ((answer.statusCode ?? 500) >= 500 || answer.headers.warning !== undefined) {
    throw new Error(`the Worker answered ${answer.statusCode}`);
  }
  if (answer.statusCode === 304) return held;
  const { etag, vary } = answer.headers;
  const isCompressed = answer.headers['content-encoding'] === 'gzip';
  if (answer.statusCode !== 200 || etag === undefined || vary !== 'Accept-Encoding' || !isCompressed) return null;
  return { headers: keptHeaders(answer), tag: contentTag(etag), gzip: body };
}

export function unzipped({ gzip }: RenderedPage): Promise<Buffer> {
  return promisify(gunzip)(gzip, { maxOutputLength: PAGE_BYTES_MAX });
}

function ask(
  upstream: Upstream,
  path: string,
  held: RenderedPage | null,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Accept-Encoding': 'gzip',
      ...(held === null ? {} : { 'If-None-Match': codedTag(held.tag, 'gzip') }),
    };
    const sent = request({ ...upstream, path, headers, signal }, resolve);
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // The Worker closed an idle connection while the question was on its way.
      if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(ask(upstream, path, held, signal));
      else reject(error);
    });
    sent.end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > PAGE_BYTES_MAX) throw new Error('the page is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function keptHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, index) => !NOT_KEPT.has((rawHeaders[index - (index % 2)] ?? '').toLowerCase()));
}
