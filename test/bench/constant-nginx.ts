import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBinary } from '../support/find-binary.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { pinServer } from './load-tools.ts';

/** An nginx with one worker on the servers' core, which answers each request with the same text. Resolves to its URL. */
export async function startNginx(stack: AsyncDisposableStack): Promise<string> {
  const [port, directory] = [await freePort(), await scratchDir('nginx')];
  const config = join(directory, 'nginx.conf');
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    config,
    `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/errors;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  ${places.map((place) => `${place}_temp_path ${directory}/${place};`).join(' ')}
  server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 1000000000; } }
}
`,
  );
  const nginx = stack.use(
    startProcess({ command: findBinary('nginx', 'nginx-light'), args: ['-c', config], name: 'nginx' }),
  );
  const url = `http://127.0.0.1:${port}/`;
  if (!(await poll(async () => (await fetch(url)).ok))) throw new Error(`nginx says: ${nginx.tail()}`);
  await pinServer(nginx.pid);
  return url;
}
