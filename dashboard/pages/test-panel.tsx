import { useMutation } from '@tanstack/react-query';
import { monitorTestSchema } from '#domain/api/monitor.ts';
import { monitorTestAnswerSchema } from '#domain/api/monitor-answers.ts';
import { request } from '../api/request.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Loading } from '../ui/loading.tsx';
import { keepsSecret, type MonitorDraft, testRequestOf } from './monitor-draft.ts';
import { TestOutcomes } from './test-outcomes.tsx';

/** "Test now": what every chosen location sees, before anything is saved. */
export function TestPanel({ draft, onInvalid }: { readonly draft: MonitorDraft; readonly onInvalid: () => void }) {
  const test = useMutation({
    mutationFn: () =>
      request('/monitors/test', monitorTestAnswerSchema, { method: 'POST', body: testRequestOf(draft) }),
  });
  return (
    <aside aria-label="Test">
      <div className="section-head">
        <h2>Test</h2>
        <button
          type="button"
          className="button"
          disabled={test.isPending || keepsSecret(draft)}
          onClick={() => (monitorTestSchema.safeParse(testRequestOf(draft)).success ? test.mutate() : onInvalid())}
        >
          {test.isPending ? 'Testing…' : 'Test now'}
        </button>
      </div>
      {keepsSecret(draft) && (
        <p className="help">To test, type the password or token again: a stored one is never sent back to a browser.</p>
      )}
      {test.isPending && <Loading rows={draft.locations.length} label="Testing from every location" />}
      {test.error !== null && <ErrorNotice error={test.error} />}
      {test.data !== undefined && !test.isPending && <TestOutcomes outcomes={test.data.outcomes} />}
      {test.isIdle && (
        <EmptyState title="Try it before you save it">
          Runs this check once from every chosen location and shows what each one saw. Nothing is stored and nobody is
          told.
        </EmptyState>
      )}
    </aside>
  );
}
