import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Cancel, Clock } from '../clock/clock.ts';
import { StartError } from '../http/bind.ts';
import { readTlsFiles, type TlsFiles, type TlsTexts } from './tls-files.ts';

const LOOK_EVERY_MS = 10_000;

/**
 * Files of a certificate that somebody renews while the process runs, as cert-manager does. They are read every ten
 * seconds; what cannot be read, or does not fit together, changes nothing.
 */
export class TlsWatch {
  readonly #clock: Clock;
  readonly #section: string;
  readonly #files: TlsFiles;
  readonly #onChange: (texts: TlsTexts) => void;
  readonly #onProblem: (error: unknown) => void;
  #texts: TlsTexts;
  #stopTimer: Cancel = () => undefined;

  /** Reads the files for the first time. @throws StartError that names the setting of what cannot be used */
  constructor(parts: {
    readonly clock: Clock;
    readonly section: string;
    readonly files: TlsFiles;
    readonly onChange: (texts: TlsTexts) => void;
    readonly onProblem: (error: unknown) => void;
  }) {
    this.#clock = parts.clock;
    this.#section = parts.section;
    this.#files = parts.files;
    this.#onChange = parts.onChange;
    this.#onProblem = parts.onProblem;
    this.#texts = readTlsFiles(this.#section, this.#files);
    try {
      createSecureContext(this.#texts);
    } catch (error) {
      const { message } = error as Error;
      throw new StartError(`${this.#section}.certFile and keyFile cannot be used: ${message}.`, {
        cause: error,
      });
    }
    this.#later();
  }

  get texts(): TlsTexts {
    return this.#texts;
  }

  /** When the certificate ends, unix milliseconds; undefined where there is none, or it cannot be read. */
  get endsAtMs(): number | undefined {
    try {
      return this.#texts.cert === undefined
        ? undefined
        : Date.parse(new X509Certificate(this.#texts.cert).validTo);
    } catch {
      return undefined;
    }
  }

  stop(): void {
    this.#stopTimer();
  }

  #later(): void {
    this.#stopTimer = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#look();
      this.#later();
    });
  }

  #look(): void {
    try {
      const texts = readTlsFiles(this.#section, this.#files);
      if (JSON.stringify(texts) === JSON.stringify(this.#texts)) return;
      // A pair of which only one half is renewed yet does not fit together.
      createSecureContext(texts);
      this.#texts = texts;
      this.#onChange(texts);
    } catch (error) {
      this.#onProblem(error);
    }
  }
}
