import { renderDocument } from './document.tsx';

/** An answer without a status page: what happened and what to do, in the page's style. */
export function renderNotice(title: string, advice: string): string {
  return renderDocument({
    title,
    status: null,
    children: (
      <>
        <main class="notice">
          <h1>{title}</h1>
          <p>{advice}</p>
        </main>
        <footer>
          <p>
            Powered by <a href="https://blacktide.dev">BlackTide</a>
          </p>
        </footer>
      </>
    ),
  });
}
