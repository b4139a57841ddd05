import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { SEVERITIES, type Severity } from '#domain/alert.ts';
import { type AlertRule, alertRuleCreateSchema, alertRuleSchema } from '#domain/api/alerting.ts';
import { SEVERITY_WORDS } from '#domain/incident-words.ts';
import { alertRulesQuery } from '../api/queries.ts';
import { command, request } from '../api/request.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/query-view.tsx';
import { TextField } from '../ui/text-field.tsx';
import { useDraftErrors } from '../ui/use-draft-errors.ts';

/** When this monitor wakes someone: its own rules, or the default one. */
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
      {adding && <RuleForm monitorId={monitorId} onDone={() => setAdding(false)} />}
    </Section>
  );
}

function RuleRow({ rule }: { readonly rule: AlertRule }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => command(`/alert-rules/${rule.id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries(alertRulesQuery(rule.monitorId)),
  });
  return (
    <li className="rule">
      <div>
        <strong>{rule.name}</strong>
        <p className="quiet small-text">
          {SEVERITY_WORDS[rule.severity]} after{' '}
          {rule.condition.count === 1 ? 'one round' : `${rule.condition.count} rounds in a row`} down, resolved after{' '}
          {rule.recoveryCount === 1 ? 'one round' : `${rule.recoveryCount} rounds in a row`} up, tells{' '}
          {rule.channelIds === null
            ? 'all default channels'
            : `${rule.channelIds.length} chosen ${rule.channelIds.length === 1 ? 'channel' : 'channels'}`}
        </p>
        {remove.error !== null && <ErrorNotice error={remove.error} />}
      </div>
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
    </li>
  );
}

function RuleForm({ monitorId, onDone }: { readonly monitorId: string; readonly onDone: () => void }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState({ name: '', count: '2', recoveryCount: '1', severity: 'critical' as Severity });
  const body = {
    name: draft.name,
    monitorId,
    condition: { type: 'consecutiveFailures', count: Number(draft.count) },
    recoveryCount: Number(draft.recoveryCount),
    severity: draft.severity,
  };
  const create = useMutation({
    mutationFn: () => request('/alert-rules', alertRuleSchema, { method: 'POST', body }),
    onSuccess: async () => {
      await client.invalidateQueries(alertRulesQuery(monitorId));
      onDone();
    },
  });
  const errors = useDraftErrors(alertRuleCreateSchema, body, create.error);
  return (
    <form
      className="form inline-form"
      noValidate
      aria-label="New alert rule"
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.submit()) create.mutate();
      }}
    >
      <div className="row">
        <TextField
          label="Rule name"
          error={errors.of('name')}
          placeholder="Page the on-call"
          value={draft.name}
          onBlur={() => errors.touch('name')}
          onText={(text) => setDraft({ ...draft, name: text })}
        />
        <TextField
          label="Rounds down before it fires"
          error={errors.of('condition.count')}
          inputMode="numeric"
          value={draft.count}
          onText={(text) => setDraft({ ...draft, count: text })}
        />
        <TextField
          label="Rounds up before it resolves"
          error={errors.of('recoveryCount')}
          inputMode="numeric"
          value={draft.recoveryCount}
          onText={(text) => setDraft({ ...draft, recoveryCount: text })}
        />
        <Field label="Severity">
          {(control) => (
            <select
              {...control}
              value={draft.severity}
              onChange={(event) =>
                setDraft({
                  ...draft,
                  severity: SEVERITIES.find((severity) => severity === event.target.value) ?? 'critical',
                })
              }
            >
              {SEVERITIES.map((severity) => (
                <option key={severity} value={severity}>
                  {SEVERITY_WORDS[severity]}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {create.error !== null && <ErrorNotice error={create.error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={create.isPending}>
          Create alert rule
        </button>
        <button type="button" className="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  );
}
