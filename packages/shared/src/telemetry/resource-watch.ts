import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { Cancel, Clock } from '../clock/clock.ts';
import type { DependencyState, Health } from './health.ts';

/** Time between two looks, milliseconds. */
const LOOK_EVERY_MS = 5_000;
/** Memory is scarce if more than this share of it is in use. */
const SCARCE_ABOVE = 0.9;
const MIB = 1_048_576;

/** What the system gives this process. */
export interface Resources {
  /** Opens a file and closes it. */
  openFile(): Promise<void>;
  /** What bounds the memory of the process. */
  memory(): readonly MemoryBound[];
}

interface MemoryBound {
  readonly name: string;
  /** Bytes. */
  readonly used: number;
  readonly limit: number;
}

/**
 * Looks every five seconds whether the system still gives what the process needs, and notes as `files` and `memory` what ran short. A
 * process that has opened all the files that it may still answers on old connections, but new ones are cut, and no store is
 * reached anew. One that reaches a limit of its memory is ended and cannot say why.
 */
export class ResourceWatch {
  readonly #health: Health;
  readonly #clock: Clock;
  readonly #resources: Resources;
  /** What ran short at least once. */
  readonly #noted = new Set<string>();
  #cancel: Cancel = () => undefined;
  #stopped = false;

  constructor(health: Health, clock: Clock, resources: Resources = OWN) {
    this.#health = health;
    this.#clock = clock;
    this.#resources = resources;
  }

  /** Looks now, and then again and again. Resolves after the first look. */
  async start(): Promise<void> {
    this.#note('files', await this.#files());
    this.#note('memory', this.#memory());
    if (!this.#stopped) this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #note(name: string, state: DependencyState): void {
    if (state.ok && !this.#noted.has(name)) return;
    this.#noted.add(name);
    this.#health.note(name, state);
  }

  async #files(): Promise<DependencyState> {
    try {
      await this.#resources.openFile();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // This process may open no more, or nobody may.
      if (code === 'EMFILE' || code === 'ENFILE') return trouble('used_up', message);
    }
    return ENOUGH;
  }

  #memory(): DependencyState {
    const scarce = this.#resources.memory().find(({ used, limit }) => used > limit * SCARCE_ABOVE);
    if (scarce === undefined) return ENOUGH;
    const { name, used, limit } = scarce;
    return trouble(
      'scarce',
      `${name}: ${Math.round(used / MIB)} of ${Math.round(limit / MIB)} MiB are in use`,
    );
  }
}

const ENOUGH: DependencyState = { state: 'enough', ok: true, reason: null, words: null };

function trouble(state: string, words: string): DependencyState {
  return { state, ok: false, reason: null, words };
}

const OWN: Resources = {
  async openFile() {
    const file = await open(devNull);
    await file.close();
  },
  memory() {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    return [{ name: 'JavaScript heap', used, limit }, ...containerMemory()];
  },
};

/** What version 2 of Linux' control groups says. What of it only caches files is not in use: the system takes that back. */
function containerMemory(): MemoryBound[] {
  try {
    const group = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
    const read = (name: string) => readFileSync(join('/sys/fs/cgroup', group, name), 'utf8');
    // Without a limit it is the word max.
    const limit = Number(read('memory.max'));
    const used = Number(/^anon (\d+)$/m.exec(read('memory.stat'))?.[1]);
    return limit > 0 && used > 0 ? [{ name: 'container', used, limit }] : [];
  } catch {
    return [];
  }
}
