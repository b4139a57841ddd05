import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { MonitorStatus } from '#domain/check/status.ts';

import { REFRESH_SCRIPT } from './refresh-script.ts';
import { STYLE } from './style.ts';

/** The tab's icon for each status: a colour that is legible on light and dark tabs, and the status' shape. */
const ICONS = {
  up: '<circle cx="8" cy="8" r="7" fill="#159184"/>',
  degraded:
    '<circle cx="8" cy="8" r="6" fill="none" stroke="#c98a12" stroke-width="2"/><path d="M8 1a7 7 0 0 1 0 14z" fill="#c98a12"/>',
  down: '<rect x="1" y="1" width="14" height="14" rx="1" fill="#e0451b"/>',
  other: '<circle cx="8" cy="8" r="6" fill="none" stroke="#81878d" stroke-width="2"/>',
} as const;

interface DocumentProps {
  readonly title: string;
  readonly status: MonitorStatus | null;
  /** Absent on pages that search engines and link previews should skip. */
  readonly description?: string;
  readonly feedPath?: string;
  readonly children: Child;
}

/** The frame of every HTML answer. Style and script are inline: one request, and no other that could fail. */
export function renderDocument(props: DocumentProps): string {
  return `<!doctype html>${<Document {...props} />}`;
}

function Document({ title, status, description, feedPath, children }: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        {description === undefined ? (
          <meta name="robots" content="noindex" />
        ) : (
          <>
            <meta name="description" content={description} />
            <meta property="og:title" content={title} />
            <meta property="og:description" content={description} />
          </>
        )}
        <link rel="icon" type="image/svg+xml" href={iconUrl(status)} />
        {feedPath !== undefined && (
          <link rel="alternate" type="application/atom+xml" title="Incidents" href={feedPath} />
        )}
        <style>{raw(STYLE)}</style>
      </head>
      <body>
        <div class="sheet">{children}</div>
        {status !== null && (
          <>
            <p class="hidden" role="status" />
            <script>{raw(REFRESH_SCRIPT)}</script>
          </>
        )}
      </body>
    </html>
  );
}

function iconUrl(status: MonitorStatus | null): string {
  const shape = status === 'up' || status === 'degraded' || status === 'down' ? ICONS[status] : ICONS.other;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${shape}</svg>`)}`;
}
