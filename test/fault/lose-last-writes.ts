import { type LostWriteArena, rangeText, STEP } from './lost-write-arena.ts';

const TAGS = 20;
const ATTEMPTS = 3;

/**
 * Agents that know nothing of each other's segments: before the lost writes, during them and after them; and one for
 * later.
 */
export const [BEFORE, DURING, AFTER, LATER] = [0, 2, 1, 3];

/**
 * Grants a range of each of 20 counters after `save`, which by default is the last thing that the replica hears. For
 * every second tag it is the very first range, for the others the second. It avoids a sweep in between. So apart from
 * the primary only the fence knows of it, and only through the fence's last raise.
 */
export async function grantUnheard(
  arena: LostWriteArena,
  save = () => arena.mysql.cutOff(),
): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    const tags = await arena.makeTags(TAGS);
    const second = tags.filter((_, index) => index % 2 === 1);
    await arena.draw(BEFORE, second);
    await arena.sweepEnds();
    await save();
    const { mysql: before } = await arena.sweeps();
    await arena.draw(DURING, tags);
    const { mysql: after } = await arena.sweeps();
    if (before === after) return tags;
    if (attempt === ATTEMPTS) {
      process.stdout.write('a sweep fell between grant and loss, which makes it easier to find\n');
      return tags;
    }
    // Starts nothing that was not stopped.
    await arena.mysql.follow();
  }
}

/** The replica is promoted without the last write of each of 20 counters, which was acknowledged and issued from. */
export async function loseLastWrites(arena: LostWriteArena): Promise<string[]> {
  const tags = await grantUnheard(arena);
  await arena.mysql.failOver();
  return tags;
}

/** The ranges that `grantUnheard` granted last. */
export function lastRanges(tags: readonly string[]): string[] {
  return tags.map((tag, index) => {
    const start = index % 2 === 0 ? 1 : 1 + STEP;
    return rangeText(tag, start, start + STEP);
  });
}
