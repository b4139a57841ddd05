import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { PublishedPage } from '#domain/api/alerting.ts';
import { statusPagesQuery } from '../api/queries.ts';

/** The organisation's status pages with their components: which show the incident, and what it is about there. */
export function PublishedPages(props: {
  readonly chosen: readonly PublishedPage[];
  readonly onChange: (pages: readonly PublishedPage[]) => void;
}) {
  const { chosen, onChange } = props;
  const statusPages = useQuery(statusPagesQuery).data?.items;
  return (
    <fieldset className="field">
      <legend>Status pages</legend>
      <p className="help">
        {statusPages?.length === 0 ? (
          <>
            There is none yet. <Link to="/status-pages/new">Create one</Link> to tell your users.
          </>
        ) : (
          'The chosen pages show the incident, about the chosen components. Without any it stays inside your team.'
        )}
      </p>
      {statusPages?.map(({ id, name, components }) => {
        const page = chosen.find(({ pageId }) => pageId === id);
        return (
          <div key={id} className="choices">
            <Choice
              label={name}
              checked={page !== undefined}
              onToggle={() =>
                onChange(
                  page === undefined
                    ? [...chosen, { pageId: id, componentIds: [] }]
                    : chosen.filter((other) => other !== page),
                )
              }
            />
            {page !== undefined && components.length > 0 && (
              <fieldset className="choices nested" aria-label={`Components of ${name}`}>
                {components.map((component) => (
                  <Choice
                    key={component.id}
                    label={component.name}
                    checked={page.componentIds.includes(component.id)}
                    onToggle={() =>
                      onChange(
                        chosen.map((other) =>
                          other === page ? { ...page, componentIds: toggled(page.componentIds, component.id) } : other,
                        ),
                      )
                    }
                  />
                ))}
              </fieldset>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}

function Choice(props: { readonly label: string; readonly checked: boolean; readonly onToggle: () => void }) {
  return (
    <label className="check">
      <input type="checkbox" checked={props.checked} onChange={props.onToggle} />
      <span>{props.label}</span>
    </label>
  );
}

function toggled(ids: readonly string[], id: string): string[] {
  return ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
}
