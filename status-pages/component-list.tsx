import type { MonitorStatus } from '#domain/check/status.ts';
import type { PageComponent } from '#domain/page/snapshot.ts';
import { PAGE_DAYS } from '#domain/page/snapshot.ts';
import { Instant } from './incidents.tsx';
import { StateLabel } from './state-icon.tsx';
import { UptimeBars } from './uptime-bars.tsx';

/** Statuses from worst to best; a group's heading shows the worst of its members. */
const BY_CONCERN = [
  'down',
  'degraded',
  'maintenance',
  'unknown',
  'pending',
  'up',
  'paused',
] as const satisfies readonly MonitorStatus[];

interface Group {
  readonly name: string | null;
  readonly components: PageComponent[];
}

export function ComponentList({ components, nowMs }: { components: readonly PageComponent[]; nowMs: number }) {
  return (
    <section class="part" aria-labelledby="components">
      <h2 id="components">
        Components <span>uptime over {PAGE_DAYS} days (UTC)</span>
      </h2>
      {grouped(components).map((group) =>
        group.name === null ? (
          group.components.map((component) => <Component component={component} nowMs={nowMs} heading="h3" />)
        ) : (
          <section class="group" aria-label={group.name}>
            <div class="group-head">
              <h3>{group.name}</h3>
              <StateLabel status={worst(group.components)} />
            </div>
            {group.components.map((component) => (
              <Component component={component} nowMs={nowMs} heading="h4" />
            ))}
          </section>
        ),
      )}
    </section>
  );
}

/** Groups in the page's order: a group takes the place of its first member and contains all members. */
function grouped(components: readonly PageComponent[]): readonly Group[] {
  const groups: Group[] = [];
  for (const component of components) {
    const group = groups.find((candidate) =>
      component.group === null
        ? candidate === groups.at(-1) && candidate.name === null
        : candidate.name === component.group,
    );
    if (group) group.components.push(component);
    else groups.push({ name: component.group, components: [component] });
  }
  return groups;
}

function worst(components: readonly PageComponent[]): MonitorStatus {
  return BY_CONCERN.find((status) => components.some((component) => component.status === status)) ?? 'unknown';
}

function Component({
  component,
  nowMs,
  heading: Heading,
}: {
  component: PageComponent;
  nowMs: number;
  heading: 'h3' | 'h4';
}) {
  return (
    <article class="component" id={component.id}>
      <div class="component-head">
        <Heading>{component.name}</Heading>
        <StateLabel status={component.status} />
      </div>
      {component.description !== null && <p class="small quiet note">{component.description}</p>}
      {component.status !== 'up' && component.statusSince !== null && (
        <p class="small quiet">
          Since <Instant at={component.statusSince} />
        </p>
      )}
      {component.monitored && <UptimeBars component={component} nowMs={nowMs} />}
    </article>
  );
}
