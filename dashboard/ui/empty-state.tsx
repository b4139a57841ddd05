import type { ReactNode } from 'react';

/** Explains an empty page and offers the next step. */
export function EmptyState(props: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="empty">
      <h2>{props.title}</h2>
      <p>{props.children}</p>
      {props.action !== undefined && <div className="actions">{props.action}</div>}
    </div>
  );
}
