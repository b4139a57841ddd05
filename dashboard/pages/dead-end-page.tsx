import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { ErrorNotice } from '../ui/error-notice.tsx';

export function NotFoundPage() {
  return (
    <main className="gate">
      <title>Not found · BlackTide</title>
      <div>
        <h1>There is nothing here</h1>
        <p className="quiet">The address may be mistyped, or what was here has been deleted.</p>
        <p className="actions section">
          <Link to="/monitors" className="button">
            Go to monitors
          </Link>
        </p>
      </div>
    </main>
  );
}

export function CrashPage({ error, reset }: ErrorComponentProps) {
  return (
    <main className="gate">
      <title>Something went wrong · BlackTide</title>
      <div>
        <ErrorNotice error={error} retry={reset} />
      </div>
    </main>
  );
}
