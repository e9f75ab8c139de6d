import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VERSION_1 = '/sys/fs/cgroup/memory';
const VERSION_2 = '/sys/fs/cgroup';

/** A control group that holds processes to so much memory, as a container's limit does. Needs root. */
export class MemoryLimit implements Disposable {
  readonly #root: string;
  readonly #folder: string;

  private constructor(root: string, megabytes: number) {
    this.#root = root;
    this.#folder = join(root, `leafcutter-bench-${process.pid}-${megabytes}`);
    mkdirSync(this.#folder);
    const name = root === VERSION_1 ? 'memory.limit_in_bytes' : 'memory.max';
    writeFileSync(join(this.#folder, name), String(megabytes * 1024 * 1024));
  }

  /** Undefined if this machine lets us make none. */
  static of(megabytes: number): MemoryLimit | undefined {
    try {
      return new MemoryLimit(existsSync(VERSION_1) ? VERSION_1 : VERSION_2, megabytes);
    } catch {
      return undefined;
    }
  }

  /** Runs `start` inside, so that what it starts is held from its first instruction on, when V8 measures its heap. */
  inside<T>(start: () => T): T {
    this.#enter(this.#folder);
    try {
      return start();
    } finally {
      this.#enter(this.#root);
    }
  }

  /** The most that was held at once, in MB. */
  get peakMb(): number {
    const name = this.#root === VERSION_1 ? 'memory.max_usage_in_bytes' : 'memory.peak';
    return Number(readFileSync(join(this.#folder, name), 'utf8')) / 1e6;
  }

  /** Its processes must have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#folder);
  }

  #enter(folder: string): void {
    writeFileSync(join(folder, 'cgroup.procs'), String(process.pid));
  }
}
