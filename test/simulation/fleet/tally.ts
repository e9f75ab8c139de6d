import { threadCpuUsage } from 'node:process';
import type { Clock } from '@leafcutter/shared/clock';
import type { Scheduler } from '../machine/scheduler.ts';

/** What agents ask of coordinators. A heartbeat that extends the window counts as an extension only. */
export const CALLS = ['lease', 'refill', 'heartbeat', 'extension', 'report'] as const;
export type Call = (typeof CALLS)[number];
/** What this process spends its time on: calls, the agents themselves, and the rest (looks, jobs, sweeps). */
type Work = Call | 'agents' | 'rest';

/** Latencies are kept by the millisecond up to here. */
const MAX_LATENCY_MS = 4_000;

/** Calls of one kind, from when counting began. It can be sent to another thread. */
interface CallCount {
  made: number;
  answered: number;
  failed: number;
  /** How many were made in each second. */
  readonly perSecond: number[];
  /** How many were answered within so many milliseconds, rounded up. */
  readonly within: Uint32Array;
}

function noCalls(): CallCount {
  const within = new Uint32Array(MAX_LATENCY_MS + 1);
  return { made: 0, answered: 0, failed: 0, perSecond: [], within };
}

/** What became of the calls of a fleet, or of one deployment's part of it. It can be sent to another thread. */
export interface Tally {
  readonly calls: Readonly<Record<Call, CallCount>>;
  /** Failed calls, by kind and code. */
  readonly failures: Map<string, number>;
  /** Reports that were answered, but are not on the roster. */
  dropped: number;
  /** Tags of agents that had no ID left while a refill was under way. */
  ranDry: number;
  readonly fromMs: number;
}

export function newTally(fromMs: number): Tally {
  const calls = {
    lease: noCalls(),
    refill: noCalls(),
    heartbeat: noCalls(),
    extension: noCalls(),
    report: noCalls(),
  };
  return { calls, failures: new Map(), dropped: 0, ranDry: 0, fromMs };
}

export function noteMade({ calls, fromMs }: Tally, call: Call, nowMs: number): void {
  const second = Math.floor((nowMs - fromMs) / 1_000);
  const { perSecond } = calls[call];
  calls[call].made += 1;
  perSecond[second] = (perSecond[second] ?? 0) + 1;
}

export function noteAnswered({ calls }: Tally, call: Call, tookMs: number): void {
  calls[call].answered += 1;
  raise(calls[call].within, Math.min(MAX_LATENCY_MS, Math.ceil(tookMs)), 1);
}

export function noteFailed({ calls, failures }: Tally, call: Call, code: string): void {
  calls[call].failed += 1;
  const what = `${call} ${code}`;
  failures.set(what, (failures.get(what) ?? 0) + 1);
}

/** Adds what another deployment's agents did at the same time. */
export function addTally(to: Tally, more: Tally): void {
  for (const call of CALLS) {
    const [all, some] = [to.calls[call], more.calls[call]];
    all.made += some.made;
    all.answered += some.answered;
    all.failed += some.failed;
    some.perSecond.forEach((count, second) => {
      all.perSecond[second] = (all.perSecond[second] ?? 0) + count;
    });
    for (const [ms, count] of some.within.entries()) raise(all.within, ms, count);
  }
  for (const [what, times] of more.failures) to.failures.set(what, (to.failures.get(what) ?? 0) + times);
  to.dropped += more.dropped;
  to.ranDry += more.ranDry;
}

function raise(counts: Uint32Array, at: number, by: number): void {
  counts[at] = (counts[at] ?? 0) + by;
}

/** Milliseconds within which this share of the answers came, rounded up. */
export function latencyOf({ answered, within }: CallCount, share: number): number {
  let left = answered * (1 - share);
  for (let ms = MAX_LATENCY_MS; ms >= 0; ms--) {
    left -= within[ms] ?? 0;
    if (left < 0) return ms;
  }
  return 0;
}

/** The most calls of all kinds in one second. */
export function busiestOf({ calls }: Tally, seconds: number): number {
  let most = 0;
  for (let second = 0; second < seconds; second++)
    most = Math.max(
      most,
      CALLS.reduce((sum, call) => sum + (calls[call].perSecond[second] ?? 0), 0),
    );
  return most;
}

/**
 * The CPU time of this process by what it was spent on. What goes on later because of a call (a group that commits, a
 * gathered report) counts as that call's: timers keep the name of the work that set them.
 */
export class CpuMeter {
  readonly spentMs = new Map<Work, number>();
  #work: Work = 'rest';
  #since = 0;
  #isOn = false;

  /** Off, it costs next to nothing; on, every tenth of what it measures is itself. */
  switch(isOn: boolean): void {
    this.enter(this.#work);
    this.#isOn = isOn;
    this.#since = cpuMs();
  }

  enter(work: Work): void {
    if (!this.#isOn) {
      this.#work = work;
      return;
    }
    const now = cpuMs();
    this.spentMs.set(this.#work, (this.spentMs.get(this.#work) ?? 0) + now - this.#since);
    this.#since = now;
    this.#work = work;
  }

  /** The clock of a coordinator: its timers keep the name of the work that set them, unless there is one for all. */
  clock(scheduler: Scheduler, epochMs: number, always?: Work): Clock {
    return {
      now: () => epochMs + Math.floor(scheduler.now),
      monotonic: () => scheduler.now,
      after: (delayMs, work) => {
        const name = always ?? this.#work;
        return scheduler.after(delayMs, () => {
          this.enter(name);
          work();
        });
      },
    };
  }
}

function cpuMs(): number {
  const { user, system } = threadCpuUsage();
  return (user + system) / 1_000;
}
