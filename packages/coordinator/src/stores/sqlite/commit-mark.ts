import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { RETRY_REASONS } from '../../domain/allocation/store.ts';
import { makePrivateFile } from './private-file.ts';

/** Numbers of commits begin anew after so many: SQLite's header has room for 31 bits. */
const NUMBERS = 2 ** 31;
const DIGITS = 10;

/**
 * A second memory of the embedded database, in a file beside it: the number of its last commit. The database has the same
 * number in its header. One that stands below has lost commits: an older copy took its place, or its log was deleted, where
 * commits are until a checkpoint. What was handed out in them would be handed out again (I1).
 *
 * It is written after each COMMIT and not synced. A process that is killed loses nothing of it. After a power cut it may stand
 * below the database, never above. If it is missing, nothing is known.
 */
export class CommitMark {
  readonly #file: string;
  readonly #descriptor: number;

  /** @throws STORE_UNAVAILABLE */
  constructor(database: string) {
    this.#file = `${database}-mark`;
    makePrivateFile(this.#file);
    this.#descriptor = this.#using(() => openSync(this.#file, 'r+'));
  }

  /** The number of the commit after `number`. */
  static after(number: number): number {
    return (number + 1) % NUMBERS;
  }

  /** @throws STORE_UNAVAILABLE with reason `file_went_back` if the database, whose last commit is `number`, has lost some */
  check(number: number): void {
    const lost = ((this.#read() ?? number) - number + NUMBERS) % NUMBERS;
    // The other half of the circle is behind the database.
    if (lost === 0 || lost >= NUMBERS / 2) this.note(number);
    else throw this.#wentBack(lost);
  }

  /** @throws STORE_UNAVAILABLE */
  note(number: number): void {
    const text = String(number).padStart(DIGITS, '0');
    this.#using(() => writeSync(this.#descriptor, text, 0));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #using<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new LeafcutterError('STORE_UNAVAILABLE', `${this.#file} cannot be written.`, {
        reason: RETRY_REASONS.refused,
        cause,
      });
    }
  }

  #wentBack(lost: number): LeafcutterError {
    return new LeafcutterError(
      'STORE_UNAVAILABLE',
      `The embedded database lacks its last ${lost} commits, which ${this.#file} remembers: an older copy took its place, or its log (-wal) was removed. Put the newest file and its log back. If they are lost, what they handed out would be handed out again: see "An embedded database is restored" in docs/operations.md.`,
      { reason: 'file_went_back' },
    );
  }

  /** Undefined in a new file, and in one that a power cut left without its text. */
  #read(): number | undefined {
    const bytes = Buffer.alloc(DIGITS);
    readSync(this.#descriptor, bytes, 0, DIGITS, 0);
    const text = bytes.toString('latin1');
    return /^[0-9]{10}$/.test(text) ? Number(text) : undefined;
  }
}
