import type { Arena } from './arena.ts';
import type { ArenaOptions } from './arena-options.ts';
import type { Findings } from './findings.ts';

/** A run of the same scenario with one guard taken off: it must find what the guard prevents. */
export interface Control {
  /** The guard, in words. */
  readonly guard: string;
  /** What takes it off: settings or preloads of the arena, or a nemesis that does more. */
  readonly arena?: ArenaOptions;
  readonly nemesis?: (arena: Arena) => Promise<void>;
  /** What must be found without it. */
  readonly finds: keyof Findings;
  /** The test that has a quicker control for the same guard. This one is left to the full run. */
  readonly alsoIn?: string;
}

export interface Scenario {
  readonly name: string;
  /** What a reader sees happen. */
  readonly faults: string;
  readonly arena?: ArenaOptions;
  /** Does its harm once and takes its time. `Arena.heal` repairs what it leaves broken. */
  readonly nemesis: (arena: Arena) => Promise<void>;
  /** Runs in CI too. */
  readonly quick?: true;
  /**
   * Why callers may wait longer than their deadline: the agent itself stood still, or calls that were sent ahead on one
   * connection each wait for as long as they may, one after the other.
   */
  readonly late?: string;
  /** How long its faults last by design, milliseconds, if that is minutes. */
  readonly lastsMs?: number;
  /** Target of the time to resume, milliseconds, if it is not 10 s, and why. */
  readonly resumes?: { readonly withinMs: number; readonly because: string };
  /** Sources that do not issue again, because the fault ends them. */
  readonly ended?: readonly string[];
  /** What else must be true; throws if it is not. */
  readonly check?: (arena: Arena) => Promise<void> | void;
  readonly controls?: readonly Control[];
  /** Which memory of the counters loses something. A mixed soak may harm only one of them (I1). */
  readonly loses?: 'redis' | 'mysql';
  /** True if it changes the arena for good, so that no other scenario can follow it in a mixed soak. */
  readonly alone?: true;
}
