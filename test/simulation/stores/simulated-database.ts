import type { LedgerEntry } from '@leafcutter/coordinator/domain/allocation/range';
import { RETRY_REASONS } from '@leafcutter/coordinator/domain/allocation/store';
import { MemoryDatabase, type Write } from '@leafcutter/coordinator/fakes/memory-database';
import { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import type { Cancel } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Process } from '../machine/process.ts';
import type { Scheduler } from '../machine/scheduler.ts';

/** As `innodb_lock_wait_timeout` and `wait_timeout` of every session (`mysql-driver.ts`). */
const LOCK_WAIT_MS = 1_000;
const IDLE_SESSION_MS = 10_000;

/** A COMMIT that a failover can lose. */
export interface Commit {
  readonly atMs: number;
  /** When its transaction began. */
  readonly begunAtMs: number;
  /** True if it only noted which Redis or which sweep there was, and handed nothing out. */
  readonly isNote: boolean;
}

/**
 * A MySQL: the tables and row locks of `MemoryDatabase`, and the server around them with its sessions. It runs as a
 * process on its own host, so it can be paused, and its clock can be wrong.
 */
export class SimulatedDatabase extends MemoryDatabase {
  readonly process: Process;
  readonly commits: Commit[] = [];
  /** Rows that a transaction holds. */
  readonly held = new Set<string>();
  /** Transactions that are told to give way instead of getting their row. */
  deadlocks = 0;
  /** Transactions whose COMMIT is being carried out. */
  committing: Session | undefined;
  /** Told of every COMMIT. */
  onCommit: (commit: Commit) => void = () => undefined;
  /** Told of every ledger entry once it is committed. */
  onCommitted: (entry: LedgerEntry) => void = () => undefined;
  /** Told of a transaction that waits for a row while it holds others. */
  onHoldAndWait: (row: string) => void = () => undefined;
  /** Told when the deployment takes another Redis as its own. */
  onGeneration: () => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #sessions = new Set<Session>();
  readonly #rowLocks: boolean;
  readonly #waitsInGroups: boolean;
  #isLoading = false;
  readonly #statements: (store: MemoryStore) => MemoryStore;

  /** `statements`: how it carries them out, if not correctly. `waitsInGroups`: a transaction for several rows
   * waits for each. `generation`: as in `MemoryDatabase`. */
  constructor(parts: {
    process: Process;
    scheduler: Scheduler;
    rowLocks?: boolean | undefined;
    waitsInGroups?: boolean | undefined;
    statements?: ((store: MemoryStore) => MemoryStore) | undefined;
    generation?: string | null | undefined;
  }) {
    super(parts.generation);
    this.process = parts.process;
    this.#scheduler = parts.scheduler;
    this.#rowLocks = parts.rowLocks ?? true;
    this.#waitsInGroups = parts.waitsInGroups ?? false;
    this.#statements = parts.statements ?? ((store) => store);
  }

  /** A store that works inside the server, without a network in between. */
  inside(): MemoryStore {
    return this.#statements(new MemoryStore(this.process.clock, this));
  }

  /** Begins a transaction for `client`. The client's death, or a long silence, ends it. */
  begin(client: Process): Session {
    const session = new Session(this, client, this.#scheduler.now, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    return session;
  }

  /** Ends the sessions of a client; or all of them, as a crash or a failover does. What was not committed is gone. */
  killSessions(client?: Process): void {
    for (const session of [...this.#sessions])
      if (client === undefined || session.client === client) session.kill();
  }

  override async lock(row: string, holdsOthers = false): Promise<() => void> {
    if (!this.#rowLocks) return () => undefined;
    this.#giveWayIfAsked();
    if (holdsOthers && this.held.has(row)) this.onHoldAndWait(row);
    const turn = super.lock(row);
    let givenUp = false;
    return new Promise((resolve, reject) => {
      const cancel = this.process.clock.after(LOCK_WAIT_MS, () => {
        givenUp = true;
        reject(askedToTryAgain());
      });
      void turn.then((unlock) => {
        cancel();
        if (givenUp) return unlock();
        resolve(this.#holding(row, unlock));
      });
    });
  }

  override async lockFree(rows: readonly string[]): Promise<Map<string, () => void>> {
    if (!this.#rowLocks) return new Map(rows.map((row) => [row, () => undefined]));
    this.#giveWayIfAsked();
    const locked = new Map<string, () => void>();
    if (!this.#waitsInGroups) {
      for (const [row, unlock] of await super.lockFree(rows)) locked.set(row, this.#holding(row, unlock));
      return locked;
    }
    try {
      for (const row of rows) locked.set(row, await this.lock(row, locked.size > 0));
      return locked;
    } catch (error) {
      for (const unlock of locked.values()) unlock();
      throw error;
    }
  }

  #holding(row: string, unlock: () => void): () => void {
    this.held.add(row);
    return () => {
      this.held.delete(row);
      unlock();
    };
  }

  #giveWayIfAsked(): void {
    if (this.deadlocks === 0) return;
    this.deadlocks -= 1;
    throw askedToTryAgain();
  }

  override commit(writes: readonly Write[]): void {
    // As in the real database, a transaction that writes nothing is not a commit that could be lost.
    if (writes.length === 0) return;
    const before = this.deployment.get(1);
    super.commit(writes);
    const after = this.deployment.get(1);
    const atMs = this.#scheduler.now;
    const commit = { atMs, begunAtMs: this.committing?.begunAtMs ?? atMs, isNote: after !== before };
    this.commits.push(commit);
    this.onCommit(commit);
    if (after?.generation !== before?.generation) this.onGeneration();
  }

  /** A crash or a failover: sessions end, and new connections find that another server answers. */
  override replaced(): void {
    this.killSessions();
    if (!this.#isLoading) super.replaced();
  }

  /** A backup is loaded into the running server: sessions end, but the same server answers. */
  load(commits: number): void {
    this.#isLoading = true;
    this.loseLast(commits);
    this.#isLoading = false;
  }

  /** A failover to a replica that lags, or a restored backup: the last commits never happened. */
  override loseLast(commits: number): void {
    super.loseLast(commits);
    this.commits.splice(Math.max(0, this.commits.length - commits));
  }
}

/**
 * One transaction at the server.
 *
 * - open: from `lock` on; holds its row. Left by `commit`, `rollback`, or by `kill` (the client died, was silent for
 *   too long, or the server failed).
 * - over: everything that the client still sends is refused.
 */
export class Session {
  readonly client: Process;
  readonly begunAtMs: number;
  readonly #database: SimulatedDatabase;
  readonly #ended: () => void;
  readonly #end = Promise.withResolvers<void>();
  readonly #entries: LedgerEntry[] = [];
  #done: Promise<void> = Promise.resolve();
  #over = false;
  #stopIdleTimer: Cancel = () => undefined;

  constructor(database: SimulatedDatabase, client: Process, begunAtMs: number, ended: () => void) {
    this.#database = database;
    this.client = client;
    this.begunAtMs = begunAtMs;
    this.#ended = ended;
    // Perhaps nobody waits for the end when the session is killed.
    this.#end.promise.catch(() => undefined);
    this.#touch();
  }

  /** Locks the rows that `run` asks the store for. */
  lock<L>(run: (store: MemoryStore, work: (locked: L) => Promise<void>) => Promise<void>): Promise<L> {
    this.#requireOpen();
    return new Promise((resolve, reject) => {
      const inTransaction = (locked: L) => {
        resolve(locked);
        return this.#end.promise;
      };
      this.#done = run(this.#database.inside(), inTransaction);
      this.#done.then(() => this.#committed(), reject);
    });
  }

  /** One statement. */
  async run<T>(entries: readonly LedgerEntry[], statement: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    this.#touch();
    this.#entries.push(...entries);
    return statement();
  }

  async commit(): Promise<void> {
    this.#requireOpen();
    this.#over = true;
    this.#database.committing = this;
    this.#end.resolve();
    try {
      await this.#done;
    } finally {
      this.#database.committing = undefined;
    }
  }

  rollback(): void {
    this.kill();
  }

  kill(): void {
    if (this.#over) return;
    this.#over = true;
    this.#leave();
    this.#end.reject(connectionLost());
  }

  #committed(): void {
    this.#leave();
    for (const entry of this.#entries) this.#database.onCommitted(entry);
  }

  #leave(): void {
    this.#stopIdleTimer();
    this.#ended();
  }

  #requireOpen(): void {
    if (this.#over) throw connectionLost();
  }

  #touch(): void {
    this.#stopIdleTimer();
    this.#stopIdleTimer = this.#database.process.clock.after(IDLE_SESSION_MS, () => this.kill());
  }
}

/** A deadlock or a lock wait timeout. */
function askedToTryAgain(): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'MySQL asked to try again.', {
    reason: RETRY_REASONS.deadlock,
  });
}

export function connectionLost(): LeafcutterError {
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'The connection to MySQL broke, or the answer came too late.',
    {
      reason: RETRY_REASONS.connectionLost,
    },
  );
}
