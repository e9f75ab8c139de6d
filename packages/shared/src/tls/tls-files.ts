import { StartError } from '../http/listening/bind.ts';
import { readSmallFile } from '../read-small-file.ts';

/** The files of a section of settings such as `redis.tls`. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** Their contents, by the names of Node's `tls`; settings that are not set are left out. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Reads the files of a section once; the next start reads a renewed certificate.
 * @throws StartError that names the setting of a file that cannot be read
 */
export function readTlsFiles(section: string, { caFile, certFile, keyFile }: TlsFiles): TlsTexts {
  const read = (setting: string, file: string) => {
    try {
      return readSmallFile(file);
    } catch (error) {
      const { message } = error as Error;
      throw new StartError(`${section}.${setting}: ${file} cannot be used: ${message}.`, { cause: error });
    }
  };
  return {
    ...(caFile === undefined ? {} : { ca: read('caFile', caFile) }),
    ...(certFile === undefined ? {} : { cert: read('certFile', certFile) }),
    ...(keyFile === undefined ? {} : { key: read('keyFile', keyFile) }),
  };
}
