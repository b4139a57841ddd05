import type { ReactNode } from 'react';
import { ApiError } from '../api/api-error.ts';

/** What went wrong, what to do, and the trace id to name when asking for help. */
export function ErrorNotice({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const traceId = error instanceof ApiError ? error.traceId : null;
  return (
    <div className="notice error" role="alert">
      <p>{error instanceof Error ? error.message : 'Something went wrong.'}</p>
      {traceId !== null && (
        <p className="small-text quiet">
          Trace id <code>{traceId}</code>
        </p>
      )}
      {retry !== undefined && (
        <div className="actions">
          <button type="button" className="button small" onClick={retry}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}

/** Says what a page will be for and offers the one next step. */
export function EmptyState(props: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="empty">
      <h2>{props.title}</h2>
      <p>{props.children}</p>
      {props.action !== undefined && <div className="actions">{props.action}</div>}
    </div>
  );
}

/** Holds the place of a list while it is read. */
export function Loading({ rows = 6, label = 'Loading' }: { readonly rows?: number; readonly label?: string }) {
  return (
    <div role="status">
      <span className="visually-hidden">{label}</span>
      <div className="skeleton" aria-hidden="true">
        {Array.from({ length: rows }, (_, index) => (
          <span key={index} />
        ))}
      </div>
    </div>
  );
}
