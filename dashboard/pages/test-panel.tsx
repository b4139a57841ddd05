import { useMutation } from '@tanstack/react-query';
import { monitorTestSchema } from '#domain/api/monitor.ts';
import { monitorTestAnswerSchema } from '#domain/api/monitor-answers.ts';
import { request } from '../api/request.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Loading } from '../ui/loading.tsx';
import { type MonitorDraft, testableOf } from './monitor-draft.ts';
import { TestOutcomes } from './test-outcomes.tsx';

/** How a draft is tried: a new monitor as it is, a stored one as the draft would change it. */
export interface Trial {
  readonly path: string;
  bodyOf(draft: MonitorDraft): object;
}

/** "Test now": what every chosen location sees, before anything is saved. */
export function TestPanel(props: {
  readonly draft: MonitorDraft;
  readonly trial: Trial;
  readonly onInvalid: () => void;
}) {
  const { draft, trial, onInvalid } = props;
  const test = useMutation({
    mutationFn: () => request(trial.path, monitorTestAnswerSchema, { method: 'POST', body: trial.bodyOf(draft) }),
  });
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
