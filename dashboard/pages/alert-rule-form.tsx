import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { SEVERITIES } from '#domain/alert/alert.ts';
import { type AlertRule, alertRuleCreateSchema, alertRuleSchema } from '#domain/api/alerting.ts';
import { SEVERITY_WORDS } from '#domain/incident/incident-words.ts';
import { mergePatch } from '../api/merge-patch.ts';
import { alertRulesQuery, channelsQuery } from '../api/queries.ts';
import { request } from '../api/request.ts';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { Field } from '../ui/field.tsx';
import { TextField } from '../ui/text-field.tsx';
import { type DraftErrors, useDraftErrors } from '../ui/use-draft-errors.ts';
import { type AlertRuleDraft, EMPTY_RULE, ruleDraftOf, ruleRequestOf } from './alert-rule-draft.ts';

/** Creates a rule, or changes the given one. */
export function AlertRuleForm(props: {
  readonly monitorId: string;
  readonly rule?: AlertRule;
  readonly onDone: () => void;
}) {
  const { monitorId, rule, onDone } = props;
  const client = useQueryClient();
  const initial = rule === undefined ? EMPTY_RULE : ruleDraftOf(rule);
  const [draft, setDraft] = useState(initial);
  const body = ruleRequestOf(monitorId, draft);
  const save = useMutation({
    mutationFn: () =>
      rule === undefined
        ? request('/alert-rules', alertRuleSchema, { method: 'POST', body })
        : request(`/alert-rules/${rule.id}`, alertRuleSchema, {
            method: 'PATCH',
            body: mergePatch(ruleRequestOf(monitorId, initial), body),
          }),
    onSuccess: async () => {
      await client.invalidateQueries(alertRulesQuery(monitorId));
      onDone();
    },
  });
  const errors = useDraftErrors(alertRuleCreateSchema, body, save.error);
  const part = { draft, errors, set: (patch: Partial<AlertRuleDraft>) => setDraft({ ...draft, ...patch }) };
  return (
    <form
      className="form inline-form"
      noValidate
      aria-label={rule === undefined ? 'New alert rule' : `Edit rule ${rule.name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (errors.submit()) save.mutate();
      }}
    >
      <ConditionFields {...part} />
      <TellingFields {...part} />
      {save.error !== null && <ErrorNotice error={save.error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={save.isPending}>
          {rule === undefined ? 'Create alert rule' : 'Save alert rule'}
        </button>
        <button type="button" className="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface PartProps {
  readonly draft: AlertRuleDraft;
  readonly errors: DraftErrors;
  readonly set: (patch: Partial<AlertRuleDraft>) => void;
}

function ConditionFields({ draft, errors, set }: PartProps) {
  return (
    <div className="row">
      <TextField
        label="Rule name"
        error={errors.of('name')}
        placeholder="Page the on-call"
        value={draft.name}
        onBlur={() => errors.touch('name')}
        onText={(text) => set({ name: text })}
      />
      <TextField
        label="Rounds down before it fires"
        error={errors.of('condition.count')}
        inputMode="numeric"
        value={draft.count}
        onBlur={() => errors.touch('condition.count')}
        onText={(text) => set({ count: text })}
      />
      <TextField
        label="Rounds up before it resolves"
        error={errors.of('recoveryCount')}
        inputMode="numeric"
        value={draft.recoveryCount}
        onBlur={() => errors.touch('recoveryCount')}
        onText={(text) => set({ recoveryCount: text })}
      />
      <Field label="Severity">
        {(control) => (
          <select
            {...control}
            value={draft.severity}
            onChange={(event) =>
              set({ severity: SEVERITIES.find((severity) => severity === event.target.value) ?? 'critical' })
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
  );
}

function TellingFields({ draft, errors, set }: PartProps) {
  const chosen = draft.channelIds;
  return (
    <>
      <div className="row">
        <Field label="Tells">
          {(control) => (
            <select
              {...control}
              value={chosen === null ? 'default' : 'chosen'}
              onChange={(event) => set({ channelIds: event.target.value === 'default' ? null : [] })}
            >
              <option value="default">All default channels</option>
              <option value="chosen">Only the channels chosen here</option>
            </select>
          )}
        </Field>
        <TextField
          label="Runbook"
          optional
          error={errors.of('runbookUrl')}
          help="What to do when it fires: the link is part of the message."
          type="url"
          inputMode="url"
          placeholder="https://wiki.example.com/shop-is-down"
          value={draft.runbookUrl}
          onBlur={() => errors.touch('runbookUrl')}
          onText={(text) => set({ runbookUrl: text })}
        />
      </div>
      {chosen !== null && <ChannelChoice chosen={chosen} onChange={(channelIds) => set({ channelIds })} />}
      <label className="check">
        <input
          type="checkbox"
          checked={draft.notifyOnRecovery}
          onChange={(event) => set({ notifyOnRecovery: event.target.checked })}
        />
        <span>Tell them, too, when it resolves</span>
      </label>
    </>
  );
}

function ChannelChoice(props: {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  const { chosen, onChange } = props;
  const channels = useQuery(channelsQuery);
  return (
    <fieldset className="field">
      <legend>Channels</legend>
      {channels.error !== null && <ErrorNotice error={channels.error} retry={() => void channels.refetch()} />}
      <div className="checks">
        {channels.data?.items.map(({ id, name, enabled }) => (
          <label key={id} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={(event) =>
                onChange(event.target.checked ? [...chosen, id] : chosen.filter((other) => other !== id))
              }
            />
            <span>
              {name}
              {!enabled && <small>switched off</small>}
            </span>
          </label>
        ))}
      </div>
      {chosen.length === 0 && <p className="help">None is chosen: its incidents open, and nobody is told.</p>}
    </fieldset>
  );
}
