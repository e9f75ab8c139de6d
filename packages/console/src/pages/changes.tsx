import type { AuditPage } from '@leafcutter/shared/inspection';
import { useState } from 'preact/hooks';
import { dateTime } from '../format.ts';
import { Badge, Card, Empty, Table } from '../parts/basics.tsx';
import { changedFields } from '../parts/changed-fields.ts';
import { linkTo } from '../route.ts';
import { useDocument } from '../use-document.ts';
import { useTitle } from '../use-title.ts';

type Change = AuditPage['changes'][number];

const PAGE = 50;
const LOOK_EVERY_MS = 5_000;

const ACTIONS: Readonly<
  Record<string, readonly [word: string, tone: 'ok' | 'idle' | 'warning' | 'critical']>
> = {
  'tag.create': ['made', 'ok'],
  'tag.change': ['changed', 'idle'],
  'tag.retire': ['retired', 'warning'],
  'tag.lower': ['lowered', 'critical'],
  'settings.reload': ['settings', 'idle'],
};

/** Whose changes are shown; undefined shows all. */
interface Wanted {
  readonly tag: string | undefined;
  readonly by: string | undefined;
}

/** What an address asks for: `#/changes/tag/orders/by/alice`. Undefined if it makes no sense. */
export function wantedIn(parts: readonly string[]): Wanted | undefined {
  const wanted: { tag: string | undefined; by: string | undefined } = { tag: undefined, by: undefined };
  for (let at = 0; at < parts.length; at += 2) {
    const [kind, value] = parts.slice(at, at + 2);
    if ((kind !== 'tag' && kind !== 'by') || value === undefined || wanted[kind] !== undefined)
      return undefined;
    wanted[kind] = value;
  }
  return wanted;
}

export function linkToChanges({ tag, by }: Partial<Wanted>): string {
  return linkTo('changes', ...(tag ? ['tag', tag] : []), ...(by ? ['by', by] : []));
}

/** The audit trail: who changed what, when, from where, before and after; newest first, page by page. */
export function ChangesPage({ wanted: { tag, by } }: { wanted: Wanted }) {
  const [begins, setBegins] = useState<readonly string[]>([]);
  useTitle(...(tag === undefined ? [] : [tag]), 'Changes');
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (tag !== undefined) query.set('tag', tag);
  if (by !== undefined) query.set('actor', by);
  const after = begins.at(-1);
  if (after !== undefined) query.set('after', after);
  const { data, problem } = useDocument<AuditPage>(`v1/audit?${query}`, LOOK_EVERY_MS);
  const next = data?.next ?? null;
  return (
    <main id="main" tabIndex={-1}>
      <h1>Changes</h1>
      <p class="hint">
        The audit trail: who created, changed, retired or lowered a tag, and which settings changed.
      </p>
      <Filter tag={tag} by={by} />
      <Card
        title={titleOf(begins.length, tag, by)}
        aside={
          next === null && begins.length === 0 ? undefined : (
            <div class="buttons">
              <button
                type="button"
                disabled={begins.length === 0}
                onClick={() => setBegins(begins.slice(0, -1))}
              >
                Newer
              </button>
              <button
                type="button"
                disabled={next === null}
                onClick={() => next && setBegins([...begins, next])}
              >
                Older
              </button>
            </div>
          )
        }
      >
        {problem === undefined ? null : <p class="note unknown">What changed lately is unknown: {problem}</p>}
        {data === undefined ? (
          problem === undefined && (
            <p class="empty" role="status">
              Reading …
            </p>
          )
        ) : data.changes.length === 0 ? (
          <Empty>
            {tag === undefined && by === undefined
              ? 'Nothing has changed, or only before the period that the trail covers.'
              : 'The trail has no such change. Names must match exactly.'}
          </Empty>
        ) : (
          <Changes changes={data.changes} />
        )}
      </Card>
    </main>
  );
}

function titleOf(page: number, tag: string | undefined, by: string | undefined): string {
  const what = `Changes${tag === undefined ? '' : ` of ${tag}`}${by === undefined ? '' : ` by ${by}`}`;
  return page === 0 ? `${what}, newest first` : `${what}, page ${page + 1}`;
}

function Filter({ tag, by }: Wanted) {
  const [ofTag, setTag] = useState(tag ?? '');
  const [ofWhom, setBy] = useState(by ?? '');
  return (
    <form
      class="card ask"
      onSubmit={(event) => {
        event.preventDefault();
        location.hash = linkToChanges({ tag: ofTag.trim(), by: ofWhom.trim() });
      }}
    >
      <label>
        Tag
        <input
          value={ofTag}
          autocomplete="off"
          spellcheck={false}
          placeholder="all tags"
          onInput={(event) => setTag(event.currentTarget.value)}
        />
      </label>
      <label>
        Who
        <input
          value={ofWhom}
          autocomplete="off"
          spellcheck={false}
          placeholder="everybody"
          onInput={(event) => setBy(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Show
      </button>
    </form>
  );
}

function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <Table
      label="Table of changes"
      columns={[['When'], ['Who'], ['What'], ['Tag'], ['Change'], ['From'], ['Coordinator']]}
    >
      {changes.map((change) => {
        const { id, atMs, actor, action, tag, origin, coordinatorId } = change;
        const [word, tone] = ACTIONS[action] ?? [action, 'idle'];
        return (
          <tr key={id} data-change={action}>
            <td class="time">{dateTime(atMs)}</td>
            <td>
              <a href={linkToChanges({ by: actor })}>{actor}</a>
            </td>
            <td>
              <Badge tone={tone}>{word}</Badge>
            </td>
            <td>{tag === null ? '–' : <a href={linkTo('tags', tag)}>{tag}</a>}</td>
            <td class="fields">
              <Fields change={change} />
            </td>
            <td>{origin ?? '–'}</td>
            <td>{coordinatorId || '–'}</td>
          </tr>
        );
      })}
    </Table>
  );
}

function Fields({ change }: { change: Change }) {
  return (
    <ul>
      {changedFields(change).map(({ field, before, after }) => (
        <li key={field}>
          <span class="hint">{field}</span>{' '}
          {before === undefined ? null : (
            <>
              <span class="unseen">before</span>
              <del class="id">{before}</del> <span aria-hidden="true">→</span>{' '}
              <span class="unseen">after</span>
            </>
          )}
          <span class="id">{after}</span>
        </li>
      ))}
    </ul>
  );
}
