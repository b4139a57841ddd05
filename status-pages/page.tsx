import type { MonitorStatus } from '#domain/check/status.ts';
import type { PageSnapshot } from '#domain/page/snapshot.ts';
import { ComponentList } from './component-list.tsx';
import { renderDocument } from './document.tsx';
import { IncidentHistory, Instant, OpenIncidents } from './incidents.tsx';
import { lastChange, pageAnswer, pagePath } from './page-facts.ts';
import { StateIcon } from './state-icon.tsx';
import { countText } from './wording.ts';

/** The public page as HTML. `nowMs` only determines the days of the calendar. */
export function renderPage(page: PageSnapshot, nowMs: number): string {
  const { status, sentence } = pageAnswer(page);
  return renderDocument({
    title: `${sentence} · ${page.name}`,
    status,
    description: `${page.name}: ${sentence}.`,
    feedPath: `${pagePath(page.slug)}/feed.atom`,
    children: (
      <>
        <header>
          <h1>{page.name}</h1>
          {page.description !== null && <p>{page.description}</p>}
        </header>
        <main>
          <Answer page={page} status={status} sentence={sentence} />
          <OpenIncidents
            incidents={page.incidents.filter((incident) => incident.status !== 'resolved')}
            components={page.components}
            more={page.moreOpenIncidents ?? 0}
          />
          {page.components.length > 0 && <ComponentList components={page.components} nowMs={nowMs} />}
          <IncidentHistory page={page} nowMs={nowMs} />
        </main>
        <PageFooter page={page} />
      </>
    ),
  });
}

function Answer({ page, status, sentence }: { page: PageSnapshot; status: MonitorStatus; sentence: string }) {
  const since = status === 'up' ? null : sinceOf(page, status);
  return (
    <section class={`answer ${status}`} aria-labelledby="answer">
      <StateIcon status={status} />
      <h2 id="answer">{sentence}</h2>
      <p class="small">
        {since !== null && (
          <>
            Since <Instant at={since} />.{' '}
          </>
        )}
        {countText(page.components.length, 'component')}, last change <Instant at={lastChange(page)} />.
      </p>
      <p class="small outdated-note">This page could not be refreshed: what you see may be outdated.</p>
    </section>
  );
}

/** Start of the page's state: the earliest of the components in that state. */
function sinceOf(page: PageSnapshot, status: MonitorStatus): string | null {
  const instants = page.components
    .filter((component) => component.status === status && component.statusSince !== null)
    .map((component) => component.statusSince ?? '');
  return instants.sort()[0] ?? null;
}

function PageFooter({ page }: { page: PageSnapshot }) {
  const path = pagePath(page.slug);
  return (
    <footer>
      <ul>
        <li>
          <a href={`${path}/feed.atom`}>Atom feed</a>
        </li>
        <li>
          <a href={`${path}/api/v2/summary.json`}>JSON</a>
        </li>
      </ul>
      <p>
        Powered by <a href="https://blacktide.dev">BlackTide</a>
      </p>
    </footer>
  );
}
