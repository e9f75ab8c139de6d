import { readFile } from 'node:fs/promises';
import { badArgument } from './id-error.ts';

/** How long what was read of the file is used, in milliseconds. */
const FRESH_MS = 10_000;

/**
 * The token in a file, which is read again while the client runs, so that it can be exchanged. A file that is missing
 * or empty for a moment changes nothing.
 */
export class TokenFile {
  readonly #path: string;
  readonly #now: () => number;
  #token: string | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#now = now;
  }

  /** @throws IdError `BAD_REQUEST` with reason `tokenFile` if no token was ever in it */
  async current(): Promise<string> {
    if (this.#token === undefined || this.#now() - this.#readAtMs >= FRESH_MS) await this.#read();
    if (this.#token === undefined) throw badArgument('tokenFile', 'a file with one token in it');
    return this.#token;
  }

  async #read(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const token = text.trim();
    if (/^[\x21-\x7e]+$/.test(token)) this.#token = token;
    this.#readAtMs = this.#now();
  }
}
