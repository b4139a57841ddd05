import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Options, Sql } from 'postgres';

/**
 * The client `postgres`, with faults of version 3.4.9 mended that a restart of PostgreSQL brings out
 * (https://github.com/porsager/postgres/issues/1154, 1208 and others, without an answer so far). A connection that
 * closed is opened again by its pool, with what is left of its past:
 * - Statements without an answer. Each later answer is taken for that of the statement before.
 * - The last error, which the next statement is told.
 * - The timer of a write that never happened. Nothing is sent any more, and every statement hangs.
 * - A transaction that goes on using it, if only to roll back: the write ends the process, or reaches the transaction
 *   that the connection was opened for again.
 * - The question for the types of arrays. Its failure, which nobody hears of, ends the process.
 * Two limits are added, because a server that is frozen keeps its connections open and its own time limits do not run:
 * - `silent_timeout`, in seconds. A connection that owes an answer and receives nothing for so long is closed. Its
 *   statements fail with the code SERVER_SILENT.
 * - `queue_timeout`, in seconds. A statement that waits for a connection while none becomes free for so long fails with
 *   the code QUEUE_TIMEOUT; after `queue_total_timeout` it fails in any case.
 * The package's text is mended when it is loaded, because that works where no install scripts run. A version whose text
 * differs is refused at start: it may bring these mends, or need others.
 */
const MENDS: Readonly<Record<string, readonly (readonly [found: string, mended: string])[]>> = {
  'connection.js': [
    [
      `      , connectTimer = timer(connectTimedOut, options.connect_timeout)
`,
      `      , connectTimer = timer(connectTimedOut, options.connect_timeout)
      , silentTimer = timer(silent, options.silent_timeout)
`,
    ],
    [
      `  function connectTimedOut() {`,
      `  function silent() {
    error(Errors.connection('SERVER_SILENT', options, socket))
    socket && socket.destroy()
  }

  function connectTimedOut() {`,
    ],
    [
      `    const x = socket.write(chunk, fn)
`,
      `    const x = socket.write(chunk, fn)
    if (query || sent.length)
      silentTimer.start()
`,
    ],
    [
      `  function data(x) {
    if (incomings) {`,
      `  function data(x) {
    received(x)
    query || sent.length
      ? silentTimer.start()
      : silentTimer.cancel()
  }

  function received(x) {
    if (incomings) {`,
    ],
    [
      `    connectTimer.cancel()

    socket.removeAllListeners()
`,
      `    connectTimer.cancel()
    silentTimer.cancel()

    socket.removeAllListeners()
`,
    ],
    [
      `    incomings = null
    clearImmediate(nextWriteTimer)
`,
      `    incomings = null
    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
`,
    ],
    [
      `    socket = null

    if (initial)
      return reconnect()
`,
      `    socket = null

    const lost = Errors.connection('CONNECTION_CLOSED', options, socket)
    query && queryError(query, lost)
    while (sent.length)
      queryError(sent.shift(), lost)
    query = results = errorResponse = null

    if (initial)
      return reconnect()
`,
    ],
    [
      `    \`], [], execute)
    types.forEach`,
      `    \`], [], execute).catch(() => [])
    types.forEach`,
    ],
  ],
  'index.js': [
    [
      `  let ending = false
`,
      `  let ending = false
    , freedAt = 0
`,
    ],
    [
      `  function onopen(c) {
`,
      `  function onopen(c) {
    freedAt = performance.now()
`,
    ],
    [
      `    keep_alive      : 60,
`,
      `    keep_alive      : 60,
    silent_timeout  : null,
    queue_timeout   : null,
    queue_total_timeout: null,
`,
    ],
    [
      `    busy.length
      ? go(busy.shift(), query)
      : queries.push(query)
  }
`,
      `    busy.length
      ? go(busy.shift(), query)
      : wait(query)
  }

  function wait(query) {
    queries.push(query)
    if (!options.queue_timeout)
      return
    const pushedAt = performance.now()
    const look = () => {
      if (query.state || query.cancelled)
        return
      const now = performance.now()
      const left = Math.min(
        Math.max(freedAt, pushedAt) + options.queue_timeout * 1000 - now,
        pushedAt + options.queue_total_timeout * 1000 - now
      )
      left > 0
        ? setTimeout(look, left).unref()
        : queries.remove(query) && query.reject(Errors.connection('QUEUE_TIMEOUT', options))
    }
    look()
  }
`,
    ],
    [
      `      , connection
      , prepare = null
`,
      `      , connection
      , prepare = null
      , lost = null
`,
    ],
    [
      'new Promise((_, reject) => connection.onclose = reject)',
      `new Promise((_, reject) => connection.onclose = (error) => {
          lost = error
          while (queries.length) queries.shift().reject(error)
          reject(error)
        })`,
    ],
    [
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        c.queue === full`,
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (lost !== null)
          return q.reject(lost)
        c.queue === full`,
    ],
  ],
};

/** Sets the mended modules apart from the package as others import it. */
const MARK = '?mended';

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return context.parentURL?.endsWith(MARK) && specifier.startsWith('.')
      ? { ...resolved, url: resolved.url + MARK }
      : resolved;
  },
  load(url, context, next) {
    if (!url.endsWith(MARK)) return next(url, context);
    const file = url.slice(0, -MARK.length);
    return { format: 'module', source: mended(file), shortCircuit: true };
  },
});

function mended(file: string): string {
  const text = readFileSync(fileURLToPath(file), 'utf8');
  return (MENDS[file.slice(file.lastIndexOf('/') + 1)] ?? []).reduce((before, [found, replacement]) => {
    if (before.split(found).length !== 2) throw new Error(`This version of the package postgres is unknown: ${file}.`);
    return before.replace(found, () => replacement);
  }, text);
}

type Package = typeof import('postgres');

export interface ClientLimits {
  readonly silent_timeout: number;
  readonly queue_timeout: number;
  readonly queue_total_timeout: number;
}

type Client = (url: string, options: Options<Record<string, never>> & ClientLimits) => Sql;

const loaded = (await import(import.meta.resolve('postgres') + MARK)) as { readonly default: Package };

export const postgres: Client = loaded.default;
