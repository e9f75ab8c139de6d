import type { Clock } from '../clock/clock.ts';
import type { Dependency } from '../wire/dependency.ts';
import type { Logger } from './logger.ts';

/** The same trouble is told again after this time, milliseconds: a store may refuse every other call for hours. */
const TOLD_AGAIN_MS = 60_000;
/** Troubles of one dependency that are told in that time. */
const MAX_TOLD = 10;

/** How a dependency does, as somebody saw it. */
export type DependencyState = Omit<Dependency, 'name' | 'sinceMs'>;

/** What the log has of a dependency. */
interface Told {
  /** By text, when it was told, monotonic milliseconds. */
  readonly troubles: Map<string, number>;
  isTrouble: boolean;
}

/**
 * How everything does that a service depends on, as it was last seen. `/readyz`, console, metrics and log all tell from
 * here; the log on change, and not per request.
 *
 * Each dependency has the state that was noted last; one that nothing was noted of yet is not there.
 */
export class Health {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #log: Logger;
  readonly #dependencies = new Map<string, Dependency>();
  readonly #told = new Map<string, Told>();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  note(name: string, seen: DependencyState): void {
    const before = this.#dependencies.get(name);
    const isSame = before?.state === seen.state;
    const now = { name, ...seen, sinceMs: isSame ? before.sinceMs : this.#clock.now() };
    this.#dependencies.set(name, now);
    if (!isSame || (seen.words !== null && seen.words !== before.words)) this.#tell(now);
  }

  get dependencies(): Dependency[] {
    return [...this.#dependencies.values()];
  }

  /** For those who need no token. */
  get withoutWords(): Omit<Dependency, 'words'>[] {
    return this.dependencies.map(({ words: _, ...rest }) => rest);
  }

  #tell({ name, state, ok, reason, words }: Dependency): void {
    const told = this.#told.get(name) ?? { troubles: new Map(), isTrouble: false };
    this.#told.set(name, told);
    const line = { dependency: name, state, reason };
    if (ok) {
      if (told.isTrouble) this.#log.info(line, `${name}: ${state} again`);
      told.isTrouble = false;
      return;
    }
    const text = `${name}: ${state}${words === null ? '' : `: ${words}`}`;
    const nowMs = this.#clock.monotonic();
    for (const [old, atMs] of told.troubles) {
      if (nowMs - atMs >= TOLD_AGAIN_MS) told.troubles.delete(old);
    }
    if (told.troubles.has(text) || told.troubles.size >= MAX_TOLD) return;
    told.troubles.set(text, nowMs);
    told.isTrouble = true;
    this.#log.warn(line, text);
  }
}
