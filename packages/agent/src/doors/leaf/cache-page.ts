import { createHash } from 'node:crypto';
import type { Scope } from '@leafcutter/shared/http/tokens';
import { visible } from '@leafcutter/shared/visible';
import type { SegmentView } from '../../domain/segments/segment-buffer.ts';
import type { TagStatus } from '../../domain/segments/tag-status.ts';
import { tagsInScope } from '../../status/in-scope.ts';
import type { Agent } from '../agent.ts';

const STYLE = `
  :root { color-scheme: light dark; font-family: system-ui, sans-serif; }
  body { margin: 1.5rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .4rem .8rem; text-align: right; border-bottom: 1px solid #8884; white-space: nowrap; }
  th:first-child, td:first-child { text-align: left; }
`;

/** Allows the one style in the page and nothing else: no script, nothing from elsewhere, no frame around it. */
export const CACHE_PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

const COLUMNS = [
  'name',
  'next ready',
  'value',
  'current from',
  'current to',
  'used',
  'next from',
  'next to',
  'left',
  'IDs/s',
  'runway',
  'refill',
  'last error',
];

/**
 * Leaf's `/cache`: every buffer of this agent that `scope` opens, as a table that reloads itself every five seconds.
 */
export function cachePage(agent: Agent, scope: Scope): string {
  const rows = tagsInScope(agent.tags.status(), scope).map(
    (tag) =>
      `<tr>${cellsOf(tag)
        .map((cell) => `<td>${escapeHtml(cell)}`)
        .join('')}`,
  );
  const title = `Buffers of ${escapeHtml(agent.agentId)}`;
  const head = COLUMNS.map((column) => `<th scope="col">${column}`).join('');
  const none = `<tr><td colspan="${COLUMNS.length}">No tag is in memory. A tag is loaded by its first request.`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
<title>${title}</title><style>${STYLE}</style>
<h1>${title}</h1>
<div class="scroll"><table><thead><tr>${head}</thead><tbody>
${rows.length === 0 ? none : rows.join('\n')}
</tbody></table></div>
</html>
`;
}

function cellsOf(tag: TagStatus): string[] {
  const { current, next } = tag;
  return [
    tag.tag,
    next === null ? 'no' : 'yes',
    current === null ? '–' : String(BigInt(current.start) + BigInt(current.used)),
    ...bounds(current),
    current === null ? '–' : `${current.used} of ${current.size}`,
    ...bounds(next),
    String(tag.remaining),
    String(tag.ratePerSecond),
    tag.runwaySeconds === null ? '–' : `${tag.runwaySeconds} s`,
    tag.refill,
    tag.lastError ?? '–',
  ];
}

function bounds(segment: SegmentView | null): [string, string] {
  return segment === null ? ['–', '–'] : [segment.start, segment.end];
}

/** Names of existing tags may contain anything. */
function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
