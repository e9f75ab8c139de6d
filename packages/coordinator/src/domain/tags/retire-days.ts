import { datedName, datedShape, templateOf } from '@leafcutter/shared/dated';
import type { Store, TagRecord } from '../allocation/store.ts';

const PAGE = 1_000;
const HOUR_MS = 3_600_000;

/** How long a day lasts at most, by how many digits name it: years and months are days, too. */
const LONGEST_MS: Readonly<Record<number, number>> = {
  4: 366 * 24 * HOUR_MS,
  6: 31 * 24 * HOUR_MS,
  8: 24 * HOUR_MS,
  10: HOUR_MS,
};

/** The days of a template, as they come by in order. */
interface Template {
  /** What the shape of a tag must be to be one of its days, by the digits of the day. */
  readonly shapeOf: (digits: string) => string;
  /** The tag of the day that is the first to be kept by the clock. */
  readonly firstKept: string;
  /** How many later days there must be before one is retired. */
  readonly laterDays: number;
  /** The last so many days, the oldest first. */
  readonly latest: TagRecord[];
}

/**
 * Retires the tags of days that ended more than `olderThanMs` before `nowMs` (unix milliseconds), once at least as many later days
 * were made, and one more. A day is made when its time comes, so a clock that is wrong cannot make many: nothing that is
 * in use is retired by it, which nobody could undo. Rows stay, because their counters are what keeps a day from beginning
 * again (I1). A tag that only looks like the day of a template is left alone. Resolves to how many were retired.
 *
 * @throws STORE_UNAVAILABLE; what was done until then stays done
 */
export async function retireDays(
  store: Pick<Store, 'listTags' | 'findTag' | 'changeTag'>,
  olderThanMs: number,
  nowMs: number,
): Promise<number> {
  const templates = new Map<string, Template | undefined>();
  const templateNamed = async (name: string, digits: number) => {
    if (!templates.has(name)) {
      const record = await store.findTag(name);
      templates.set(name, record && asTemplate(record, digits, olderThanMs, nowMs));
    }
    return templates.get(name);
  };
  let retired = 0;
  for (let after: string | undefined; ; ) {
    const page = await store.listTags(after, PAGE);
    for (const record of page) {
      const day = templateOf(record.tag);
      const template = day && (await templateNamed(day.template, day.digits.length));
      if (template === undefined || template.shapeOf(day?.digits ?? '') !== record.shape) continue;
      template.latest.push(record);
      if (template.latest.length <= template.laterDays) continue;
      const over = template.latest.shift();
      if (over === undefined || over.retired || over.tag >= template.firstKept) continue;
      await store.changeTag(over.tag, { retired: true });
      retired += 1;
    }
    if (page.length < PAGE) return retired;
    after = page.at(-1)?.tag;
  }
}

/** Undefined if it is none, or if its time zone is unknown. */
function asTemplate(
  { tag, shape }: TagRecord,
  digits: number,
  olderThanMs: number,
  nowMs: number,
): Template | undefined {
  const firstKept = datedName(tag, nowMs - olderThanMs);
  const longestMs = LONGEST_MS[digits];
  if (shape === undefined || firstKept === tag || longestMs === undefined) return undefined;
  return {
    shapeOf: (day) => datedShape(shape, day),
    firstKept,
    laterDays: Math.floor(olderThanMs / longestMs) + 1,
    latest: [],
  };
}
