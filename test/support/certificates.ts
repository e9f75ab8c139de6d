import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from './find-binary.ts';
import { scratchDir } from './scratch-dir.ts';

const run = promisify(execFile);

/** Files of a private authority and of the certificate that it signed. */
export interface Certificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * A new authority and its certificate for `localhost` and 127.0.0.1, for servers and for clients, valid for `days`;
 * -1: it ended yesterday. `kind` is the kind of the keys.
 */
export async function makeCertificates(days = 1, kind: 'ec' | 'rsa' = 'ec'): Promise<Certificates> {
  const directory = await scratchDir('certificates');
  const [caFile, caKey, certFile, keyFile, request, extensions] = [
    ...['ca.pem', 'ca.key', 'cert.pem', 'cert.key', 'cert.csr', 'extensions'],
  ].map((name) => join(directory, name)) as [string, string, string, string, string, string];
  const openssl = (...args: string[]) => run(findBinary('openssl', 'openssl'), args);
  const curve = ['-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const newKey = [...(kind === 'ec' ? ['-newkey', 'ec', ...curve] : ['-newkey', 'rsa:2048']), '-nodes'];
  await openssl(
    ...[
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      caKey,
      '-out',
      caFile,
      '-days',
      '1',
      '-subj',
      '/CN=test authority',
    ],
  );
  await openssl('req', ...newKey, '-keyout', keyFile, '-out', request, '-subj', '/CN=localhost');
  await writeFile(extensions, 'subjectAltName = DNS:localhost, IP:127.0.0.1\n');
  await openssl(
    ...[
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      caFile,
      '-CAkey',
      caKey,
      '-CAcreateserial',
      '-days',
      `${days}`,
    ],
    ...['-extfile', extensions, '-out', certFile],
  );
  return { caFile, certFile, keyFile };
}
