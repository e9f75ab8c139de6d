import { X509Certificate } from 'node:crypto';
import { StartError } from '../http/listening/bind.ts';
import { nodeTls } from '../http/listening/node-http.ts';
import { readTlsFiles, type TlsFiles, type TlsTexts } from './tls-files.ts';

/**
 * What stands in the files of a certificate that somebody renews while the process runs, as cert-manager does. The
 * settings of such files are marked as reloading.
 */
export class CurrentTls {
  readonly #section: string;
  readonly #files: TlsFiles;
  #texts: TlsTexts;

  /** `section`: of the settings. @throws StartError that names the setting of what cannot be used */
  constructor(section: string, files: TlsFiles) {
    this.#section = section;
    this.#files = files;
    this.#texts = this.#read();
  }

  get texts(): TlsTexts {
    return this.#texts;
  }

  /** When the certificate ends, unix milliseconds; undefined if there is none, or it cannot be read. */
  get endsAtMs(): number | undefined {
    try {
      return this.#texts.cert === undefined
        ? undefined
        : Date.parse(new X509Certificate(this.#texts.cert).validTo);
    } catch {
      return undefined;
    }
  }

  /**
   * Reads the files again. What cannot be read, or does not fit together, changes nothing.
   * @throws StartError that names the setting
   */
  renew(): void {
    this.#texts = this.#read();
  }

  #read(): TlsTexts {
    const texts = readTlsFiles(this.#section, this.#files);
    // Even an empty context reads all the authorities that Node knows: megabytes, for nothing to look at.
    if (Object.keys(texts).length === 0) return texts;
    try {
      // A pair of which only one half is renewed yet does not fit together.
      nodeTls().createSecureContext(texts);
    } catch (error) {
      const { message } = error as Error;
      throw new StartError(`${this.#section}.certFile and keyFile cannot be used: ${message}.`, {
        cause: error,
      });
    }
    return texts;
  }
}
