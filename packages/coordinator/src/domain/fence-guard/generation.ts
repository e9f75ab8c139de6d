import type { Clock } from '@leafcutter/shared/clock';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import type { Fence, FenceIdentity } from '../allocation/fence.ts';
import { type Deployment, RETRY_REASONS, type Store } from '../allocation/store.ts';

/** The version of the layout of fence keys and values. */
export const KEY_SCHEMA = 1;

/** A deployment's fence is noted as found at most this often, milliseconds. */
const CONFIRM_EVERY_MS = 4_000;
/**
 * A generation that nobody found for this long may be replaced by a coordinator that finds another fence,
 * milliseconds.
 */
const ABANDONED_AFTER_MS = 15_000;
/**
 * A coordinator that has not looked for longer than this, or got no answer from the database, starts watching anew,
 * milliseconds.
 */
const LOOKED_AWAY_MS = 10_000;
/** Generations that a process remembers. */
const MAX_SEEN = 16;
/**
 * Coordinators that meet at a fence that forgot help each other on. If it takes more rounds than this, something else
 * is wrong.
 */
const MAX_ROUNDS = 3;

export interface GenerationEvents {
  /** A fence without identity, empty or wiped, got one in place of `before`; undefined if it is the first. */
  fenceIntroduced(generation: string, before: string | undefined): void;
}

/** What a coordinator and its stores agree on. */
export interface Agreement {
  readonly deployment: Deployment;
  readonly identity: FenceIdentity;
}

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly layout: string;
  /** A random name that no other call ever gave. */
  readonly newGeneration: () => string;
  readonly events: GenerationEvents;
}

/**
 * Makes sure that all coordinators of a deployment use one fence: two fences would each know half of what was handed
 * out. The database says which one it is, by the generation that the fence got when it was first found empty. The
 * fence itself compares the two at every allocation. This class decides what to do if they differ.
 *
 * A fence without identity gets a new generation. The database then follows the fence that is found, but only if
 * nobody works with the other one: either this process saw the other one here itself, or it watched the database for
 * 15 seconds and no coordinator noted that it found the other one. The age of that note says nothing: while the
 * database is away, or after it was restored, the note is old even if the other fence is in use.
 */
export class Generation {
  readonly #parts: Parts;
  /**
   * Generations on which this process found database and fence agree. The database, too, may go back to an earlier
   * one.
   */
  readonly #seen = new Set<string>();
  /** The deployment and layout at the first look. */
  #deploymentId: string | undefined;
  /**
   * The note that another fence was found. This process has seen it unchanged since `sinceMs`; monotonic
   * milliseconds.
   */
  #watched = { note: '', sinceMs: 0, lastMs: 0 };

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Brings database and fence to agree, and notes in the database that this fence was found: now and then, or at once
   * if `noteNow`.
   * @throws STORE_UNAVAILABLE; with reason `wrong_redis` if this fence is another deployment's, `other_redis` if the
   * deployment works with another fence, `other_database` if the database is another deployment's than at the first
   * look
   */
  async agree(noteNow = false): Promise<Agreement> {
    const { store, fence, layout } = this.#parts;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      // In this order: a sweep is noted in the database first. So if the fence knows of more sweeps, the database
      // went back.
      const found = await fence.identity();
      const deployment = await store.identify(layout);
      this.#checkDatabase(deployment);
      const identity = found ?? (await this.#meet(deployment));
      this.#checkOwn(deployment, identity);
      if (identity.generation === deployment.generation) {
        // The database's clock may have been set back.
        if (noteNow || Math.abs(deployment.nowMs - deployment.confirmedAtMs) >= CONFIRM_EVERY_MS)
          await store.confirmGeneration(identity.generation);
        this.#remember(identity.generation);
        return { deployment: noteNow ? await this.#noted(deployment) : deployment, identity };
      }
      this.#checkAbandoned(deployment);
      // This fence had the generation before the database got it, so they agreed, even if the next look finds that
      // the fence forgot again.
      if (await store.changeGeneration(deployment.generation, identity.generation))
        this.#remember(identity.generation);
    }
    throw new LeafcutterError('STORE_UNAVAILABLE', 'Coordinators do not agree on one Redis.', {
      reason: RETRY_REASONS.fenceStranger,
    });
  }

  /** The deployment, with the note that was written after `before` was read. */
  async #noted(before: Deployment): Promise<Deployment> {
    const deployment = await this.#parts.store.identify(this.#parts.layout);
    this.#checkDatabase(deployment);
    // What came between belongs to another sweep, and that one to another look.
    return { ...before, confirmedAtMs: deployment.confirmedAtMs };
  }

  /** Gives an identity to a fence that has none. Resolves to the identity that it has then. */
  async #meet(deployment: Deployment): Promise<FenceIdentity> {
    const { fence, newGeneration, events } = this.#parts;
    this.#checkAbandoned(deployment);
    const generation = newGeneration();
    const { id, layout } = deployment;
    await fence.introduce({ deploymentId: id, layout, keySchema: KEY_SCHEMA, generation });
    const introduced = await fence.identity();
    if (introduced === undefined) {
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Redis does not keep what is written to it.', {
        reason: 'redis',
      });
    }
    if (introduced.generation === generation) events.fenceIntroduced(generation, deployment.generation);
    return introduced;
  }

  /** Stores that are exchanged together agree with each other, but belong to another deployment. */
  #checkDatabase(deployment: Deployment): void {
    this.#deploymentId ??= deployment.id;
    if (deployment.id === this.#deploymentId && deployment.layout === this.#parts.layout) return;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `MySQL belongs to deployment ${deployment.id} with snowflake layout ${deployment.layout}; when this coordinator started, it was ${this.#deploymentId} with ${this.#parts.layout}. Check mysql.url, or restart the coordinator if MySQL was replaced on purpose.`,
      { reason: 'other_database' },
    );
  }

  #checkOwn(deployment: Deployment, identity: FenceIdentity): void {
    const differs =
      identity.deploymentId !== deployment.id
        ? `deployment ${identity.deploymentId}, MySQL ${deployment.id}`
        : identity.layout !== deployment.layout
          ? `snowflake layout ${identity.layout}, MySQL ${deployment.layout}`
          : identity.keySchema !== KEY_SCHEMA
            ? `key schema ${identity.keySchema}, this coordinator ${KEY_SCHEMA}`
            : undefined;
    if (differs === undefined) return;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `Redis belongs to ${differs}: wrong redis.url, redis.keyPrefix or mysql.url? If MySQL was set up from scratch on purpose, use a new redis.keyPrefix.`,
      { reason: 'wrong_redis' },
    );
  }

  #checkAbandoned(deployment: Deployment): void {
    const { generation } = deployment;
    if (generation === undefined || this.#seen.has(generation) || this.#stoodStill(deployment)) return;
    throw new LeafcutterError(
      'STORE_UNAVAILABLE',
      `This deployment uses another Redis than the one found here: wrong redis.url or redis.keyPrefix? It switches to this one once no coordinator has found the other for ${ABANDONED_AFTER_MS / 1000} s.`,
      { reason: 'other_redis' },
    );
  }

  #remember(generation: string): void {
    this.#seen.delete(generation);
    this.#seen.add(generation);
    const [oldest] = this.#seen;
    if (oldest !== undefined && this.#seen.size > MAX_SEEN) this.#seen.delete(oldest);
  }

  /** True if this process watched for long enough and nobody renewed the note. */
  #stoodStill({ generation, confirmedAtMs }: Deployment): boolean {
    const now = this.#parts.clock.monotonic();
    const note = `${generation} ${confirmedAtMs}`;
    const goesOn = this.#watched.note === note && now - this.#watched.lastMs <= LOOKED_AWAY_MS;
    this.#watched = { note, sinceMs: goesOn ? this.#watched.sinceMs : now, lastMs: now };
    return now - this.#watched.sinceMs >= ABANDONED_AFTER_MS;
  }
}

/** True if `error` says that this coordinator must not use the fence it finds. */
export function isWrongFence(error: unknown): error is LeafcutterError {
  const reasons: readonly (string | undefined)[] = ['wrong_redis', 'other_redis', 'other_database'];
  return hasCode(error, 'STORE_UNAVAILABLE') && reasons.includes(error.reason);
}
