import type { NewTag } from '@leafcutter/coordinator/domain/allocation/store';
import type { TagAdmin } from '@leafcutter/coordinator/domain/tags/tags';
import { sleep } from '@leafcutter/shared/clock';
import { hasCode } from '@leafcutter/shared/errors';
import type { Evidence } from '../evidence.ts';
import { type Network, NoAnswerError } from '../machine/network.ts';
import type { Process } from '../machine/process.ts';
import type { Random } from '../machine/random.ts';
import type { SimulatedCoordinator } from './simulated-coordinator.ts';

/** How long an admin waits for an answer. */
const PATIENCE_MS = 10_000;
const EVERY_MS = 4_000;
/** How often a command is given again if it got no answer or was told another number. */
const LOWERING_TRIES = 5;
const TRY_AGAIN_MS = 500;

/**
 * Someone who creates, changes and retires tags while everything runs, and makes tags again that the database forgot.
 */
export class Operator {
  readonly #parts: Parts;
  /** Tags of the operator's own, besides those that every run has. */
  readonly #own: readonly string[];
  #stopped = false;
  /** True once a counter may have been lowered. */
  mayHaveLowered = false;

  constructor(parts: Parts, own: readonly string[]) {
    this.#parts = parts;
    this.#own = own;
  }

  start(): void {
    const { process, random } = this.#parts;
    process.clock.after(EVERY_MS * 2 * random.next(), () => {
      if (!this.#stopped) void this.#act().then(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Creates again what is missing. */
  async restoreTags(): Promise<void> {
    for (const { tag, nextId, step, maxStep, targetDurationS, highestId } of this.#parts.tags)
      await this.#do(`creates ${tag}`, (tags) =>
        tags.create({
          tag,
          start: String(nextId),
          step,
          maxStep,
          targetDurationS,
          highestId: highestId === undefined ? undefined : String(highestId),
          description: undefined,
        }),
      );
  }

  /** Lowers a counter; if a refusal names another number, to that one. True if it was done. */
  async lowerTag(tag: string, to: bigint, tries = LOWERING_TRIES): Promise<boolean> {
    const { process, network, random, evidence } = this.#parts;
    const coordinator = random.pick(this.#parts.coordinators());
    if (coordinator === undefined || tries === 0) return false;
    const grantsBefore = evidence.grants.length;
    this.mayHaveLowered = true;
    try {
      const lowered = await network.call(process, coordinator.process, () => coordinator.lower(tag, to), {
        timeoutMs: PATIENCE_MS,
      });
      evidence.lowered(tag, lowered, grantsBefore);
      return true;
    } catch (error) {
      if (hasCode(error, 'INTERNAL')) evidence.violated('I4', `lowering ${tag}: ${String(error)}`);
      evidence.note(`lowering ${tag} to ${to} fails: ${String(error)}`);
      if (hasCode(error, 'STORE_UNAVAILABLE') || error instanceof NoAnswerError) {
        await sleep(process.clock, TRY_AGAIN_MS);
        return this.lowerTag(tag, to, tries - 1);
      }
      const [, named] = /the lowest that (?:does|were) not is (\d+)/.exec(String(error)) ?? [];
      return named === undefined ? false : this.lowerTag(tag, BigInt(named), tries - 1);
    }
  }

  async #act(): Promise<void> {
    const { random, tags } = this.#parts;
    const tag = random.pick(tags)?.tag ?? '';
    const own = random.pick(this.#own) ?? '';
    const acts: [() => Promise<void>, ...(() => Promise<void>)[]] = [
      () => this.restoreTags(),
      () =>
        this.#do(`changes the step of ${tag}`, (admin) =>
          admin.change(tag, { step: random.between(1, 300) }),
        ),
      () =>
        this.#do(`changes the step of ${own}`, (admin) =>
          admin.change(own, { step: random.between(1, 300) }),
        ),
      () =>
        this.#do(`creates ${own}`, (admin) =>
          admin.create({ tag: own, start: '1', step: random.between(1, 50), maxStep: 300 }),
        ),
      () => this.#do(`retires ${own}`, (admin) => admin.retire(own)),
    ];
    await random.pick(acts)();
  }

  async #do(what: string, act: (tags: TagAdmin) => Promise<unknown>): Promise<void> {
    const { process, network, random, evidence } = this.#parts;
    const coordinator = random.pick(this.#parts.coordinators());
    if (coordinator === undefined) return;
    try {
      await network.call(process, coordinator.process, () => act(coordinator.tags), {
        timeoutMs: PATIENCE_MS,
      });
      evidence.note(`the operator ${what}`);
    } catch (error) {
      if (hasCode(error, 'INTERNAL')) evidence.violated('I4', `the operator ${what}: ${String(error)}`);
    }
  }
}

interface Parts {
  readonly process: Process;
  readonly network: Network;
  readonly random: Random;
  readonly evidence: Evidence;
  readonly tags: readonly NewTag[];
  readonly coordinators: () => readonly SimulatedCoordinator[];
}
