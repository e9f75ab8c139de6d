import { hasCode } from '@leafcutter/shared/errors';
import { canShareTexts } from '@leafcutter/shared/shared-texts';
import type { TagWarning } from '@leafcutter/shared/wire';
import type { ShapedTag, ShapeSpan, Store } from '../allocation/store.ts';

/** Tags per query. */
const PAGE = 1_000;
/** Tags that are compared with one. If more might share a text with it, the warning says so. */
const MAX_COMPARED = 10_000;
/** Tags that a warning names. */
const MAX_NAMED = 3;

/**
 * Warns which other tags can write the texts of a tag. Uniqueness is per tag, so nothing is refused. It is asked
 * after the tag was made: of two tags made at the same moment, at least one sees the other.
 */
export async function textWarnings(
  store: Pick<Store, 'listShapes'>,
  { tag, shape }: ShapedTag,
): Promise<TagWarning[]> {
  try {
    const { sharing, isComplete } = await compare(store, { tag, shape });
    if (sharing.length > 0) return [{ code: 'SHARED_TEXTS', message: sharedBy(sharing) }];
    return isComplete ? [] : [notCompared('there are too many tags with shapes')];
  } catch (error) {
    if (!hasCode(error, 'STORE_UNAVAILABLE')) throw error;
    return [notCompared('the store did not answer')];
  }
}

/** At most one tag of each shape, and one more than are named. */
async function compare(
  store: Pick<Store, 'listShapes'>,
  { tag, shape }: ShapedTag,
): Promise<{ sharing: ShapedTag[]; isComplete: boolean }> {
  const canShare = canShareTexts(shape);
  const sharing: ShapedTag[] = [];
  let left = MAX_COMPARED;
  for (const { above, below } of spansNear(shape)) {
    for (let last = above; ; ) {
      const page = await store.listShapes({ above: last, below }, tag, PAGE);
      for (const other of page) {
        if (other.shape !== last && canShare(other.shape)) sharing.push(other);
        if (sharing.length > MAX_NAMED) return { sharing, isComplete: false };
        last = other.shape;
      }
      left -= page.length;
      if (page.length < PAGE) break;
      if (left <= 0) return { sharing, isComplete: false };
    }
  }
  return { sharing, isComplete: true };
}

/**
 * The span of shapes that may share a text with this one. Every text of a shape starts with what stands before its
 * first brace. So if two shapes share a text, one of these beginnings starts with the other.
 */
function spansNear(shape: string): ShapeSpan[] {
  const begin = shape.slice(0, shape.indexOf('{'));
  // '|' follows '{', and U+007F follows every character of a shape.
  const shorter = Array.from(begin, (_, length) => begin.slice(0, length));
  return [
    ...shorter.map((part) => ({ above: `${part}{`, below: `${part}|` })),
    { above: begin, below: `${begin}\u007f` },
  ];
}

function sharedBy(sharing: readonly ShapedTag[]): string {
  const named = sharing.slice(0, MAX_NAMED).map(({ tag, shape }) => `"${tag}" (${shape})`);
  const all = sharing.length > MAX_NAMED ? [...named, 'others'] : named;
  const list = all.length === 1 ? all[0] : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
  return `An ID is unique within its tag only, and ${list} can write the same texts. To keep IDs of both in one place, use a tag whose prefix or suffix sets its texts apart.`;
}

function notCompared(why: string): TagWarning {
  return {
    code: 'TEXTS_NOT_COMPARED',
    message: `Whether other tags can write the same texts is not known: ${why}. An ID is unique within its tag only.`,
  };
}
