import type { PageIncident, PageSnapshot } from '#domain/page/snapshot.ts';
import { lastChange } from './page-facts.ts';
import { instantText } from './wording.ts';

/**
 * The page's incidents as an Atom feed (RFC 4287), newest first; an entry changes with its last update. `url` is the
 * page's public address.
 */
export function renderAtom(page: PageSnapshot, url: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>${escapeXml(tag(page.createdAt, page.pageId))}</id>
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
<id>${escapeXml(tag(incident.startedAt, incident.id))}</id>
<title>${escapeXml(incident.title)} (${incident.status})</title>
<published>${incident.startedAt}</published>
<updated>${incident.updatedAt}</updated>
<link rel="alternate" type="text/html" href="${escapeXml(`${url}#${incident.id}`)}"/>
<category term="${incident.severity}"/>
<content type="text">${escapeXml(story.join('\n\n') || `Since ${instantText(incident.startedAt)}.`)}</content>
</entry>`;
}

/** A tag URI (RFC 4151): the same on every host of the page. */
function tag(createdAt: string, id: string): string {
  return `tag:blacktide.dev,${createdAt.slice(0, 10)}:${id}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Every character that XML 1.0 does not allow, even escaped (section 2.2): `Char` negated. */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** Text as XML: a character that XML cannot hold is replaced as Unicode recommends, so that its place can be seen. */
function escapeXml(text: string): string {
  return text.replace(NOT_XML, '\ufffd').replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
