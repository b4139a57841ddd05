import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IncidentChange, type IncidentState, openedIncident, reduceIncident } from './incident.ts';

/** Applies changes to a new incident; returns one line per change. */
function tell(...changes: IncidentChange[]): string[] {
  const opened = openedIncident('6 of 6 locations failed');
  let state: IncidentState = opened.state;
  return changes.map((change) => {
    const step = reduceIncident(state, change);
    if (step.refused) return `${change.type}: refused, ${step.reason}`;
    state = step.state;
    return `${change.type}: ${state.status}/${state.publicStatus}, ${step.entry.kind}, ${step.webhook ?? 'nobody told'}`;
  });
}

describe('an incident', () => {
  it('opens with its reason in the timeline, and channels are told', () => {
    expect(openedIncident('6 of 6 locations failed: connection refused')).toEqual({
      refused: false,
      state: { status: 'open', publicStatus: 'investigating' },
      entry: { kind: 'opened', text: '6 of 6 locations failed: connection refused', data: {} },
      webhook: 'incident.opened',
    });
  });

  it('is acknowledged once, and resolved by its alert', () => {
    expect(tell({ type: 'acknowledge' }, { type: 'acknowledge' }, { type: 'recover', summary: 'All up' })).toEqual([
      'acknowledge: acknowledged/investigating, acknowledged, incident.acknowledged',
      'acknowledge: refused, already_acknowledged',
      'recover: resolved/resolved, resolved, incident.resolved',
    ]);
  });

  it('is resolved by hand once; the later recovery is noted and tells nobody', () => {
    expect(
      tell({ type: 'resolve' }, { type: 'resolve' }, { type: 'acknowledge' }, { type: 'recover', summary: 'All up' }),
    ).toEqual([
      'resolve: resolved/resolved, resolved, incident.resolved',
      'resolve: refused, already_resolved',
      'acknowledge: refused, already_resolved',
      'recover: resolved/resolved, recovery, nobody told',
    ]);
  });

  it('is opened again only from resolved, and starts over', () => {
    expect(tell({ type: 'reopen' }, { type: 'resolve' }, { type: 'reopen' }, { type: 'acknowledge' })).toEqual([
      'reopen: refused, not_resolved',
      'resolve: resolved/resolved, resolved, incident.resolved',
      'reopen: open/investigating, reopened, incident.opened',
      'acknowledge: acknowledged/investigating, acknowledged, incident.acknowledged',
    ]);
  });

  it('keeps what the public is told apart from its own state', () => {
    expect(
      tell(
        { type: 'update', status: 'identified', body: 'The database is full.' },
        { type: 'note', text: 'Ask Ada.' },
        { type: 'resolve' },
        { type: 'update', status: 'monitoring', body: 'Watching.' },
        { type: 'update', status: 'resolved', body: 'What happened.' },
      ),
    ).toEqual([
      'update: open/identified, update, incident.updated',
      'note: open/identified, note, nobody told',
      'resolve: resolved/resolved, resolved, incident.resolved',
      'update: refused, already_resolved',
      'update: resolved/resolved, update, incident.updated',
    ]);
  });

  it('gives back what it decided and nothing else of the row', () => {
    const row = { status: 'open', publicStatus: 'investigating', title: 'Shop' } as const;
    for (const change of [{ type: 'acknowledge' }, { type: 'note', text: 'x' }] as const) {
      const step = reduceIncident(row, change);
      expect(step.refused ? [] : Object.keys(step.state)).toEqual(['status', 'publicStatus']);
    }
  });

  it('is never resolved inside and open outside, whatever is done to it', () => {
    const change = fc.constantFrom<IncidentChange>(
      { type: 'acknowledge' },
      { type: 'resolve' },
      { type: 'recover', summary: 'up' },
      { type: 'reopen' },
      { type: 'note', text: 'note' },
      { type: 'update', status: 'identified', body: 'body' },
      { type: 'update', status: 'resolved', body: 'body' },
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        let state = openedIncident('x').state;
        for (const next of changes) {
          const step = reduceIncident(state, next);
          if (!step.refused) state = step.state;
          if (state.status === 'resolved') expect(state.publicStatus).toBe('resolved');
        }
      }),
    );
  });
});
