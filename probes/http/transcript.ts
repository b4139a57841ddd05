import { formatBytes, formatLatency } from '#domain/base/quantity.ts';
import { shortened } from '#domain/base/short-text.ts';
import { DETAIL_LENGTH_MAX, type Phases, TRANSCRIPT_LINES_MAX } from '#domain/check/result.ts';
import type { HttpExchange, HttpRequest } from '../network.ts';

/** The steps of a probe, for people. Values of request headers, queries and bodies are left out. */
export interface Transcript {
  add(line: string): void;
  readonly lines: readonly string[];
}

export function startTranscript(): Transcript {
  const lines: string[] = [];
  return {
    lines,
    add: (line) => {
      if (lines.length < TRANSCRIPT_LINES_MAX) lines.push(cutText(line));
    },
  };
}

/** The length limit of a result's detail. */
export function cutText(text: string): string {
  return shortened(text, DETAIL_LENGTH_MAX);
}

export function requestLine(request: HttpRequest): string {
  const names = request.headers.map(([name]) => name).join(', ');
  const body = request.body === undefined ? '' : `, and a body of ${formatBytes(request.body.length)}`;
  return `→ ${request.method} ${publicUrl(request.url)} with ${names}${body}`;
}

/** Headers of an answer that are useful and cannot hold a session. */
const SHOWN_HEADERS: readonly string[] = ['content-type', 'content-encoding', 'content-length', 'server'];

export function answerLine(exchange: HttpExchange): string {
  const headers = exchange.headers.filter(([name]) => SHOWN_HEADERS.includes(name));
  return [`← ${exchange.status}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join(', ');
}

export function connectionLine(exchange: HttpExchange): string | null {
  const parts = phaseWords(exchange.phases);
  if (exchange.remoteAddress !== undefined) parts.unshift(exchange.remoteAddress);
  if (exchange.tls?.protocol !== undefined) parts.push(exchange.tls.protocol);
  return parts.length === 0 ? null : `  ${parts.join(', ')}`;
}

function phaseWords(phases: Phases): string[] {
  const named = [
    ['name resolved in', phases.dnsMs],
    ['connected in', phases.connectMs],
    ['TLS in', phases.tlsMs],
    ['first byte after', phases.ttfbMs],
  ] as const;
  return named.flatMap(([words, ms]) => (ms === undefined ? [] : [`${words} ${formatLatency(ms)}`]));
}

/** A URL without the parts that may be secret. */
export function publicUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return 'an invalid URL';
  return `${parsed.origin}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}
