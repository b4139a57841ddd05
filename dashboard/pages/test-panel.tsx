import type { UseMutationResult } from '@tanstack/react-query';
import { monitorTestSchema } from '#domain/api/monitor.ts';
import type { TestAnswer } from '#domain/wire/wire.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Loading } from '../ui/loading.tsx';
import { type MonitorDraft, testableOf } from './monitor-draft.ts';
import { TestOutcomes } from './test-outcomes.tsx';

/** "Test now": the outcomes at all chosen locations, before anything is saved. */
export function TestPanel(props: {
  readonly draft: MonitorDraft;
  readonly test: UseMutationResult<TestAnswer, Error, void>;
  readonly onInvalid: () => void;
}) {
  const { draft, test, onInvalid } = props;
  return (
    <aside aria-label="Test">
      <div className="section-head">
        <h2>Test</h2>
        <button
          type="button"
          className="button"
          disabled={test.isPending}
          onClick={() => (monitorTestSchema.safeParse(testableOf(draft)).success ? test.mutate() : onInvalid())}
        >
          {test.isPending ? 'Testing…' : 'Test now'}
        </button>
      </div>
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
