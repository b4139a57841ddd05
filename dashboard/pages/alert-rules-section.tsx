import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertRule } from '#domain/api/alerting.ts';
import { SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { alertRulesQuery, channelsQuery } from '../api/queries.ts';
import { command } from '../api/request.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { RowProblemNotice } from '../ui/row-problem-notice.tsx';
import { toldBy } from './alert-rule-draft.ts';
import { AlertRuleForm } from './alert-rule-form.tsx';

/** The alert rules of a monitor: its own, or the default one. */
export function AlertRulesSection({ monitorId }: { readonly monitorId: string }) {
  const query = useQuery(alertRulesQuery(monitorId));
  const [adding, setAdding] = useState(false);
  return (
    <Section
      title="Alert rules"
      actions={
        !adding && (
          <button type="button" className="button small" onClick={() => setAdding(true)}>
            Add alert rule
          </button>
        )
      }
    >
      <QueryView query={query} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">
              The default rule holds: the first round that is down opens a critical incident and tells all default
              channels; the first round that is up resolves it. Rules of its own replace it.
            </p>
          ) : (
            <ul className="item-list" aria-label="Alert rules">
              {items.map((rule) => (
                <RuleRow key={rule.id} rule={rule} />
              ))}
            </ul>
          )
        }
      </QueryView>
      {adding && <AlertRuleForm monitorId={monitorId} onDone={() => setAdding(false)} />}
    </Section>
  );
}

function RuleRow({ rule }: { readonly rule: AlertRule }) {
  const client = useQueryClient();
  const channels = useQuery(channelsQuery).data?.items ?? [];
  const [editing, setEditing] = useState(false);
  const remove = useMutation({
    mutationFn: () => command(`/alert-rules/${rule.id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries(alertRulesQuery(rule.monitorId)),
  });
  return (
    <li>
      <RowProblemNotice problem={rule.problem} />
      <div className="rule">
        <div>
          <strong>{rule.name}</strong>
          <p className="quiet small-text">
            {SEVERITY_WORDS[rule.severity]} after {rounds(rule.condition.count)} down, resolved after{' '}
            {rounds(rule.recoveryCount)} up, tells {toldBy(rule, channels)}
            {rule.runbookUrl !== null && (
              <>
                {' · '}
                <a href={rule.runbookUrl} target="_blank" rel="noreferrer">
                  Runbook
                </a>
              </>
            )}
          </p>
          {remove.error !== null && <ErrorNotice error={remove.error} />}
        </div>
        <div className="actions">
          <button
            type="button"
            className="button small"
            aria-label={`Edit rule ${rule.name}`}
            aria-expanded={editing}
            onClick={() => setEditing(!editing)}
          >
            Edit
          </button>
          <ConfirmButton
            label="Delete"
            ariaLabel={`Delete rule ${rule.name}`}
            className="button small"
            question={`Delete the rule ${rule.name}?`}
            confirmLabel="Delete rule"
            onConfirm={() => remove.mutate()}
          >
            An alert it has raised is resolved. Without rules of its own the monitor falls back to the default rule.
          </ConfirmButton>
        </div>
      </div>
      {editing && <AlertRuleForm monitorId={rule.monitorId} rule={rule} onDone={() => setEditing(false)} />}
    </li>
  );
}

function rounds(number: number): string {
  return number === 1 ? 'one round' : `${number} rounds in a row`;
}
