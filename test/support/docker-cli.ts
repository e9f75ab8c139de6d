import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { PATIENCE_MS } from './patience.ts';

const run = promisify(execFile);

/**
 * Runs one command of the docker client and resolves to its output without the last line's end. The environment is
 * passed explicitly: Jest gives test files a copy, and only the copy says which engine to ask.
 *
 * @throws Error with the client's output if it fails or takes longer than `timeoutMs`.
 */
export async function docker(args: readonly string[], timeoutMs = PATIENCE_MS): Promise<string> {
  const options = { timeout: timeoutMs, killSignal: 'SIGKILL', env: process.env } as const;
  const { stdout } = await run('docker', [...args], options);
  return stdout.trimEnd();
}

/** True when the command succeeds. */
export async function dockerSays(args: readonly string[], timeoutMs?: number): Promise<boolean> {
  return docker(args, timeoutMs).then(
    () => true,
    () => false,
  );
}

/**
 * Makes an image of one layer from a directory.
 *
 * @param changes Dockerfile instructions such as `CMD ["redis-server"]`
 */
export async function dockerImport(
  directory: string,
  image: string,
  changes: readonly string[],
): Promise<void> {
  const tar = spawn('tar', ['--create', '--numeric-owner', '--directory', directory, '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const flags = changes.flatMap((change) => ['--change', change]);
  const imported = run('docker', ['import', ...flags, '-', image], { env: process.env });
  const { stdin } = imported.child;
  if (stdin === null) throw new Error('docker import was started without an input.');
  // A client that fails early closes its input; its own error is the one to report.
  stdin.on('error', () => {});
  tar.stdout.pipe(stdin);
  await imported;
}
