import { failure } from './replies.ts';

/** Commands that a transaction holds. */
const MAX_QUEUED = 10_000;
/** Bytes of their arguments, with some for each command. */
const MAX_QUEUED_BYTES = 262_144;
const BYTES_OF_ONE = 16;

const QUEUED = '+QUEUED\r\n';
const FULL = failure(
  `BAD_REQUEST a transaction may hold ${MAX_QUEUED} commands and ${MAX_QUEUED_BYTES} bytes; use smaller ones`,
);

/**
 * Commands between MULTI and EXEC. They only wait here: nothing is drawn before EXEC, so a transaction that is spoilt,
 * discarded or left by its client costs no IDs.
 *
 * - open: takes commands. Entered by MULTI, left by EXEC, DISCARD and RESET, which drop the object.
 * - spoilt: a command was refused. It holds nothing any more, and EXEC will refuse.
 */
export class Transaction {
  #commands: (readonly string[])[] = [];
  #bytes = 0;
  #isSpoilt = false;

  get isSpoilt(): boolean {
    return this.#isSpoilt;
  }

  queue(command: readonly string[]): string {
    if (this.#isSpoilt) return QUEUED;
    this.#bytes += command.reduce((sum, argument) => sum + argument.length, BYTES_OF_ONE);
    if (this.#commands.length === MAX_QUEUED || this.#bytes > MAX_QUEUED_BYTES) {
      this.spoil();
      return FULL;
    }
    this.#commands.push(command);
    return QUEUED;
  }

  spoil(): void {
    this.#isSpoilt = true;
    this.#commands = [];
  }

  /** The commands, the first one last. */
  takeReversed(): (readonly string[])[] {
    const commands = this.#commands.reverse();
    this.#commands = [];
    return commands;
  }
}
