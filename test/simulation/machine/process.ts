import type { Cancel, Clock } from '@leafcutter/shared/clock';
import type { Host } from './host.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * A running program on a host.
 *
 * - running: timers fire and messages arrive.
 * - paused (SIGSTOP, a suspended machine): entered by `pause`. Time passes; what comes due or arrives waits until
 *   `resume`. Then timers come first, as in Node's event loop.
 * - dead: entered by `kill`, for good. Its timers never fire, and messages to it are lost.
 */
export class Process {
  readonly name: string;
  readonly host: Host;
  readonly clock: Clock;
  /** True time; together with its name it identifies a process. */
  readonly startedAtMs: number;
  readonly #scheduler: Scheduler;
  #state: 'running' | 'paused' | 'dead' = 'running';
  #lateTimers: (() => void)[] = [];
  #lateMessages: (() => void)[] = [];
  #pausedSince = 0;
  #pausedMs = 0;
  #onDeath: (() => void)[] = [];

  constructor(scheduler: Scheduler, host: Host, name = host.name) {
    this.#scheduler = scheduler;
    this.host = host;
    this.name = name;
    this.startedAtMs = scheduler.now;
    this.clock = {
      now: () => host.wall(),
      monotonic: () => host.monotonic(),
      after: (delayMs, work) => this.#after(delayMs, work),
    };
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  /** True milliseconds of the whole simulation in which this process was not paused. */
  runningMs(): number {
    const now = this.#scheduler.now;
    return now - this.#pausedMs - (this.#state === 'paused' ? now - this.#pausedSince : 0);
  }

  /** A message arrives. */
  deliver(work: () => void): void {
    if (this.#state === 'running') work();
    else if (this.#state === 'paused') this.#lateMessages.push(work);
  }

  pause(): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#pausedSince = this.#scheduler.now;
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#pausedMs += this.#scheduler.now - this.#pausedSince;
    const timers = this.#lateTimers.splice(0);
    const messages = this.#lateMessages.splice(0);
    // Each as an event of its own, because promises settle between two events.
    for (const work of timers) this.#scheduler.after(0, () => this.#fire(work));
    for (const work of messages) this.#scheduler.after(0, () => this.deliver(work));
  }

  /** `kill -9`. */
  kill(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#lateTimers = [];
    this.#lateMessages = [];
    for (const work of this.#onDeath) work();
  }

  /** The kernel closes a dead process' connections; `work` is how the other side hears of it. */
  onDeath(work: () => void): void {
    this.#onDeath.push(work);
  }

  #after(delayMs: number, work: () => void): Cancel {
    let cancelled = false;
    const run = () => {
      if (!cancelled) work();
    };
    const cancel = this.#scheduler.after(this.host.trueMs(delayMs), () => this.#fire(run));
    return () => {
      cancelled = true;
      cancel();
    };
  }

  #fire(work: () => void): void {
    if (this.#state === 'running') work();
    else if (this.#state === 'paused') this.#lateTimers.push(work);
  }
}
