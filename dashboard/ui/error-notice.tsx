import { ApiError } from '../api/api-error.ts';

/** An error with its remedy, and the trace id for support. */
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
