import type { PageIncident, PageSnapshot } from '#domain/page/snapshot.ts';
import { lastChange, pagePath } from './page-facts.ts';
import { instantText } from './wording.ts';

/** The page's incidents as an Atom feed (RFC 4287), newest first; an entry changes with its last update. */
export function renderAtom(page: PageSnapshot, origin: string): string {
  const url = `${origin}${pagePath(page.slug)}`;
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>${tag(page.createdAt, page.pageId)}</id>
<title>${escapeXml(page.name)}: incidents</title>
<updated>${lastChange(page)}</updated>
<link rel="alternate" type="text/html" href="${escapeXml(url)}"/>
<link rel="self" type="application/atom+xml" href="${escapeXml(url)}/feed.atom"/>
<author><name>${escapeXml(page.name)}</name></author>
${page.incidents.map((incident) => entry(incident, url)).join('\n')}
</feed>
`;
}

function entry(incident: PageIncident, url: string): string {
  const story = incident.updates.map((update) => `${instantText(update.at)}, ${update.status}: ${update.body}`);
  return `<entry>
<id>${tag(incident.startedAt, incident.id)}</id>
<title>${escapeXml(incident.title)} (${incident.status})</title>
<published>${incident.startedAt}</published>
<updated>${incident.updatedAt}</updated>
<link rel="alternate" type="text/html" href="${escapeXml(url)}#${incident.id}"/>
<category term="${incident.severity}"/>
<content type="text">${escapeXml(story.join('\n\n') || `Since ${instantText(incident.startedAt)}.`)}</content>
</entry>`;
}

/** A tag URI (RFC 4151): the same on every host of the page. */
function tag(createdAt: string, id: string): string {
  return `tag:blacktide.dev,${createdAt.slice(0, 10)}:${id}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Removes control characters, which XML 1.0 cannot contain even when escaped. */
function escapeXml(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '').replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
