import type { Delivery } from '#domain/api/alerting.ts';
import { StatusMark } from './status.tsx';

const WORDS = {
  pending: 'Waiting',
  delivered: 'Delivered',
  failed: 'Failed, trying again',
  dead: 'Given up',
} as const satisfies Record<Delivery['status'], string>;

const STATES = {
  pending: 'pending',
  delivered: 'up',
  failed: 'degraded',
  dead: 'down',
} as const satisfies Record<Delivery['status'], string>;

export function DeliveryStatus({ status }: { readonly status: Delivery['status'] }) {
  return (
    <span className={`status state-${STATES[status]}`}>
      <StatusMark status={STATES[status]} />
      {WORDS[status]}
    </span>
  );
}
