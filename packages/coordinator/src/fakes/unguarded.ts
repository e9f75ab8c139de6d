import { hasCode } from '@leafcutter/shared/errors';
import { type FenceAnswer, type FenceMark, type FenceMove, NO_MARK } from '../domain/allocation/fence.ts';
import {
  type LockedGroup,
  type LockedMachineId,
  type LockedTag,
  RETRY_REASONS,
} from '../domain/allocation/store.ts';
import { MemoryDatabase } from './memory-database.ts';
import { MemoryFence } from './memory-fence.ts';
import { MemoryStore } from './memory-store.ts';

/** Ports with one guard taken out, for negative controls: with one of these in place a safety test must go red. */

/** A fence that remembers nothing and always agrees. */
export class AgreeableFence extends MemoryFence {
  override async raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]> {
    return agreeing(moves);
  }

  override async read(): Promise<FenceMark> {
    return NO_MARK;
  }
}

/** A database whose row locks lock nothing. */
export class UnlockedDatabase extends MemoryDatabase {
  override async lock(): Promise<() => void> {
    return () => undefined;
  }

  override async lockFree(rows: readonly string[]): Promise<Map<string, () => void>> {
    return new Map(rows.map((row) => [row, () => undefined]));
  }
}

/** A store that treats a COMMIT without an answer as one that succeeded. */
export class TrustingStore extends MemoryStore {
  override withTag<T>(tag: string, work: (locked: LockedTag) => Promise<T>): Promise<T> {
    return trusting(work, (noted) => super.withTag(tag, noted));
  }

  override withTags<T>(
    tags: readonly string[],
    work: (group: LockedGroup<LockedTag>) => Promise<T>,
  ): Promise<T> {
    return trusting(work, (noted) => super.withTags(tags, noted));
  }

  override withMachineId<T>(machineId: number, work: (locked: LockedMachineId) => Promise<T>): Promise<T> {
    return trusting(work, (noted) => super.withMachineId(machineId, noted));
  }

  override withMachineIds<T>(
    machineIds: readonly number[],
    work: (group: LockedGroup<LockedMachineId>) => Promise<T>,
  ): Promise<T> {
    return trusting(work, (noted) => super.withMachineIds(machineIds, noted));
  }
}

/** A fence that treats a question without an answer as one that was agreed to. */
export class TrustingFence extends MemoryFence {
  override raise(moves: readonly FenceMove[]): Promise<FenceAnswer[]> {
    return super.raise(moves).catch(() => agreeing(moves));
  }
}

/** The answers of a fence that has nothing against these. */
export function agreeing(moves: readonly FenceMove[]): FenceAnswer[] {
  return moves.map(() => ({ kind: 'ok' }));
}

/** Runs a transaction and treats a COMMIT without an answer as one that succeeded. */
export async function trusting<L, T>(
  work: (locked: L) => Promise<T>,
  run: (noted: (locked: L) => Promise<T>) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  try {
    return await run(async (locked) => {
      result = { value: await work(locked) };
      return result.value;
    });
  } catch (error) {
    const unclear = hasCode(error, 'STORE_UNAVAILABLE') && error.reason === RETRY_REASONS.commitUnclear;
    if (!unclear || result === undefined) throw error;
    return result.value;
  }
}
