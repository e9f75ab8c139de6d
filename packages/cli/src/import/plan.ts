import { HIGHEST_ID, NEW_TAG_PATTERN } from '@leafcutter/shared/tag';
import type { TagView } from '@leafcutter/shared/wire';
import type { Found } from './source.ts';

/** What to do with one counter. */
export interface Step {
  /** Its name in the other system. */
  readonly name: string;
  /** The tag that it becomes. */
  readonly tag: string;
  /** `create`: make the tag. `keep`: it is high enough already. `refuse`: it cannot be taken over in this state. */
  readonly action: 'create' | 'keep' | 'refuse';
  /** The lowest ID that the other system has not handed out. */
  readonly nextThere?: bigint;
  /** Where the tag stands, or will start. */
  readonly nextHere?: bigint;
  readonly step?: number;
  /** Why it is refused. */
  readonly problem?: string;
}

/** Steps that the coordinator accepts as a tag's base step; for any other the default is used. */
const LARGEST_STEP = 1_000_000;

/** An existing tag. */
export interface Existing {
  readonly state: TagView['state'];
  /** Where its counter stands. */
  readonly nextId: bigint;
  /** The lowest ID that it granted according to the ledger; `nextId` if it granted none. */
  readonly firstId: bigint;
}

/**
 * What to do with a counter that is to become `tag`. `existing` is that tag, if there is one. `gap` is how many IDs stay free for
 * what the other system hands out until it is off. Nothing is ever lowered, and no tag starts where the other system
 * may have handed out IDs.
 */
export function planStep(found: Found, tag: string, existing: Existing | undefined, gap: bigint): Step {
  const { name } = found;
  if ('problem' in found) return { name, tag, action: 'refuse', problem: found.problem };
  const { nextId: nextThere } = found;
  const refuse = (problem: string, nextHere?: bigint): Step => ({
    name,
    tag,
    action: 'refuse',
    nextThere,
    problem,
    ...(nextHere === undefined ? {} : { nextHere }),
  });
  if (nextThere < 0n) return refuse('it is negative, and IDs are not');
  if (existing !== undefined) {
    const { state, nextId: nextHere, firstId } = existing;
    if (state === 'retired') return refuse('a tag of that name is retired', nextHere);
    if (nextHere < nextThere) {
      const below = `the tag is ${nextThere - nextHere} below it`;
      return refuse(`${below}; raise leaf_alloc.max_id by SQL before anyone requests IDs from it`, nextHere);
    }
    // That the tag is higher by now proves nothing: everything it granted must lie above all that was handed out
    // there.
    if (firstId < nextThere) {
      return refuse(
        `both handed out IDs from ${firstId} to ${nextThere - 1n}: some may exist twice`,
        nextHere,
      );
    }
    return { name, tag, action: 'keep', nextThere, nextHere };
  }
  if (!NEW_TAG_PATTERN.test(tag)) {
    return refuse(
      'a tag name must have 1 to 128 characters (A-Z a-z 0-9 . _ : -) and start with a letter or digit; use --rename to choose one',
    );
  }
  const nextHere = (nextThere === 0n ? 1n : nextThere) + gap;
  if (nextHere > HIGHEST_ID) return refuse(`with the gap, it would exceed the highest ID, ${HIGHEST_ID}`);
  const step =
    found.step !== undefined && found.step >= 1 && found.step <= LARGEST_STEP ? { step: found.step } : {};
  return { name, tag, action: 'create', nextThere, nextHere, ...step };
}

/**
 * Counters that would become one tag are refused, all of them: the tag would start above one of them only, and hand out
 * again what another one did.
 */
export function withoutClashes(found: readonly Found[], tagOf: (name: string) => string): Found[] {
  const namesOf = Map.groupBy(found, ({ name }) => tagOf(name));
  return found.map((counter) => {
    const tag = tagOf(counter.name);
    const other = namesOf.get(tag)?.find((candidate) => candidate !== counter);
    return other === undefined
      ? counter
      : { name: counter.name, problem: `${other.name} would also become tag ${tag}; rename one of them` };
  });
}
