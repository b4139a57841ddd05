import type { ReactNode } from 'react';

/** A page: title, answer and content, with the title in the browser's tab. */
export function Page(props: {
  readonly title: string;
  readonly heading: ReactNode;
  readonly crumb?: ReactNode;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="page">
      <title>{`${props.title} · BlackTide`}</title>
      <header className="page-head">
        <div>
          {props.crumb !== undefined && <p className="crumb">{props.crumb}</p>}
          <h1>{props.heading}</h1>
          {props.lead !== undefined && <p className="lead">{props.lead}</p>}
        </div>
        {props.actions !== undefined && <div className="actions">{props.actions}</div>}
      </header>
      {props.children}
    </div>
  );
}

/** A titled part of a page. */
export function Section(props: { readonly title: string; readonly actions?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className="section" aria-label={props.title}>
      <div className="section-head">
        <h2>{props.title}</h2>
        {props.actions !== undefined && <div className="actions">{props.actions}</div>}
      </div>
      {props.children}
    </section>
  );
}
