import { datedName, datedShape, templateOf } from '@leafcutter/shared/dated';
import type { Store, TagRecord } from '../allocation/store.ts';

const PAGE = 1_000;

/**
 * Retires the tags of days that ended more than `olderThanMs` ago by the database's clock. Their rows stay, because their
 * counters are what keeps a day from beginning again (I1). A tag that only looks like the day of a template is left
 * alone. Resolves to how many were retired.
 *
 * @throws STORE_UNAVAILABLE; what was done until then stays done
 */
export async function retireDays(
  store: Pick<Store, 'now' | 'listTags' | 'findTag' | 'changeTag'>,
  olderThanMs: number,
): Promise<number> {
  const beforeMs = (await store.now()) - olderThanMs;
  const templates = new Map<string, TagRecord | undefined>();
  const isOver = async ({ tag, shape, retired }: TagRecord) => {
    const day = templateOf(tag);
    if (retired || day === undefined) return false;
    if (!templates.has(day.template)) templates.set(day.template, await store.findTag(day.template));
    const template = templates.get(day.template);
    if (template?.shape === undefined || datedShape(template.shape, day.digits) !== shape) return false;
    const lasting = datedName(day.template, beforeMs);
    return lasting !== day.template && tag < lasting;
  };
  let retired = 0;
  for (let after: string | undefined; ; ) {
    const page = await store.listTags(after, PAGE);
    for (const record of page) {
      if (!(await isOver(record))) continue;
      await store.changeTag(record.tag, { retired: true });
      retired += 1;
    }
    if (page.length < PAGE) return retired;
    after = page.at(-1)?.tag;
  }
}
