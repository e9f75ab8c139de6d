import { StartError } from '@leafcutter/shared/http/bind';
import type { Logger } from '@leafcutter/shared/logger';
import { type FromWorker, TELL_WITHIN_MS, type What } from './messages.ts';
import { WorkerProcess, type WorkerStart } from './worker-child.ts';

export interface SupervisorOptions extends WorkerStart {
  readonly workers: number;
  /** How long a worker may go on serving and drain, in milliseconds. */
  readonly stopWithinMs: number;
  /** How often workers are sent a beat, in milliseconds; default 1,000. */
  readonly beatMs?: number;
  readonly log: Logger;
}

/**
 * A worker that lived for less than this was not well. The next one is started after a wait that doubles, in
 * milliseconds.
 */
const WELL_AFTER_MS = 10_000;
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** How often workers are sent a beat, in milliseconds, and how many in a row one may leave unanswered. */
const BEAT_MS = 1_000;
export const MAX_UNANSWERED = 5;

/**
 * Keeps the workers of one service running.
 *
 * Each place is starting (its process does not listen yet), serving, or waiting (its process ended, the next one is
 * started after a while). A supervisor is starting until all of its workers serve for the first time, running while it
 * replaces those that end, and stopping for good: then nobody is replaced.
 *
 * The system goes on giving connections to a worker that stands still. So one that answers no beats is killed and replaced.
 * What it held is its own, and it does not matter whether it wakes up in that moment: until it is gone it is an agent like any
 * other, and who replaces it has another instance, other segments and another machine id.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #places = new Map<number, WorkerProcess>();
  readonly #questions = new Map<number, (value: unknown) => void>();
  #nextId = 1;
  #beats: NodeJS.Timeout | undefined;
  #stopping = false;

  /** Starts all workers. @throws StartError if one ends before it listens; it has said why */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options);
    const all = Array.from({ length: options.workers }, (_, index) => supervisor.#spawn(index + 1));
    const failed = await Promise.race([
      Promise.all(all.map(({ listening }) => listening)).then(() => undefined),
      ...all.map(({ ended }) => ended),
    ]);
    if (failed !== undefined) {
      await supervisor.stop();
      throw new StartError(`${failed} before it listened.`);
    }
    for (const worker of all) void supervisor.#watch(worker, performance.now(), 0);
    supervisor.#beat();
    return supervisor;
  }

  private constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Asks all workers to stop, and waits for them. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#beats);
    await Promise.all([...this.#places.values()].map((worker) => worker.stop(this.#options.stopWithinMs)));
  }

  /** Each worker reads its configuration again. */
  reload(): void {
    for (const worker of this.#places.values()) worker.hangUp();
  }

  #spawn(number: number): WorkerProcess {
    const worker = new WorkerProcess(number, this.#options, (message) => this.#hear(worker, message));
    this.#places.set(number, worker);
    return worker;
  }

  /** Replaces a worker when it ends. `failures`: how many in a row did not live long. */
  async #watch(worker: WorkerProcess, bornAt: number, failures: number): Promise<void> {
    const sentence = await worker.ended;
    if (this.#stopping) return;
    const wasWell = performance.now() - bornAt >= WELL_AFTER_MS;
    const inRow = wasWell ? 0 : failures + 1;
    const waitMs = wasWell ? 0 : Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** failures);
    this.#options.log.error({ worker: worker.number, waitMs }, `${sentence}; starting another one`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (!this.#stopping) void this.#watch(this.#spawn(worker.number), performance.now(), inRow);
  }

  #beat(): void {
    const workers = [...this.#places.values()];
    const stuck = workers.find(({ unanswered }) => unanswered >= MAX_UNANSWERED);
    if (stuck !== undefined) {
      this.#options.log.error(
        { worker: stuck.number },
        'a worker stands still and answers nothing; it is killed',
      );
      stuck.kill();
      // One at a time: where all stand still, it may be the machine that does.
      for (const worker of workers) worker.forgive();
    }
    for (const worker of workers) worker.beat();
    // Counted in beats, not by the clock: after a pause of its own, a supervisor finds their answers first.
    this.#beats = setTimeout(() => this.#beat(), this.#options.beatMs ?? BEAT_MS);
  }

  #hear(from: WorkerProcess, message: FromWorker): void {
    if ('ask' in message) void this.#answer(from, message.ask, message.id);
    else this.#questions.get(message.id)?.(message.told);
  }

  async #answer(asker: WorkerProcess, what: What, id: number): Promise<void> {
    const serving = [...this.#places.values()].filter(({ isListening }) => isListening);
    const told = await Promise.all(serving.map((worker) => this.#ask(worker, what)));
    asker.send({ answer: told.filter((value) => value !== undefined), id });
  }

  /** A worker's answer; undefined if it does not come in time: the worker may be busy, stopped or gone. */
  #ask(worker: WorkerProcess, what: What): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const settle = (value: unknown) => {
        clearTimeout(timer);
        this.#questions.delete(id);
        resolve(value);
      };
      const timer = setTimeout(() => settle(undefined), TELL_WITHIN_MS);
      this.#questions.set(id, settle);
      worker.send({ tell: what, id });
    });
  }
}
