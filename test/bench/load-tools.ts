import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REPORT = fileURLToPath(new URL('./wrk-report.lua', import.meta.url));

/** The servers get the first core and the load generator the second, so that neither takes from the other. */
const SERVER_CORE = '0';
const LOAD_CORE = '1';

/** Connections that are kept alive. */
export const CONNECTIONS = 64;

/** Fewer, each with a pause of a millisecond before each request: about 25,000 requests a second. */
const UNHURRIED = { connections: 32, pauseMs: 1 };

/** What a load generator saw; latencies in milliseconds. */
export interface Load {
  readonly perSecond: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Puts all threads of a process on the servers' core; on a machine with one core there is nothing to separate. */
export async function pinServer(pid: number): Promise<void> {
  if (availableParallelism() > 1) await run('taskset', ['-a', '-cp', SERVER_CORE, String(pid)]);
}

/** Lets a process run only when no other wants to, as if it were on another machine. */
export async function stepAside(pid: number): Promise<void> {
  await run('chrt', ['--all-tasks', '--idle', '--pid', '0', String(pid)]);
}

/** Whose requests are sent, by their names in the script. */
export type Sender = 'plain' | 'jdk' | 'proxy' | 'once_odd' | 'sometimes_two';

/**
 * One request after the other on each of 64 kept-alive connections; a plain one unless `sender` is named.
 * @throws if a request failed
 */
export function wrk(url: string, seconds: number, sender?: Sender): Promise<Load> {
  return load(url, seconds, CONNECTIONS, sender === undefined ? [] : ['0', sender, String(CONNECTIONS)]);
}

/**
 * A load that neither the server nor the generator has to struggle with. At full speed the generator is busy without
 * a pause on its one core, and whenever the kernel suspends it, that counts as the server's latency.
 * @throws if a request failed
 */
export function wrkUnhurried(url: string, seconds: number): Promise<Load> {
  return load(url, seconds, UNHURRIED.connections, [String(UNHURRIED.pauseMs)]);
}

async function load(url: string, seconds: number, connections: number, forLua: string[]): Promise<Load> {
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    // On a machine full of others' work some answers are late, which is counted as late and not as failed.
    '--timeout',
    '60s',
    '-s',
    REPORT,
    url,
    ...(forLua.length > 0 ? ['--', ...forLua] : []),
  ];
  const { stdout } = await onLoadCore('wrk', args, seconds);
  const line = stdout.split('\n').find((candidate) => candidate.startsWith('{')) ?? '{}';
  const said = JSON.parse(line) as Record<
    'requests' | 'durationUs' | 'failed' | 'p50' | 'p99' | 'p999',
    number
  >;
  if (!(said.requests > 0) || said.failed > 0) throw new Error(`${url}: ${stdout.slice(-400)}`);
  const [p50, p99, p999] = [said.p50, said.p99, said.p999].map((us) => us / 1_000) as [
    number,
    number,
    number,
  ];
  return { perSecond: said.requests / (said.durationUs / 1e6), failed: said.failed, p50, p99, p999 };
}

/** A connection per request, as `ab -n REQUESTS -c CONCURRENCY`; a failed request is counted, not thrown. */
export async function ab(
  url: string,
  requests: number,
  concurrency: number,
): Promise<{ perSecond: number; failed: number }> {
  const args = ['-q', '-n', String(requests), '-c', String(concurrency), url];
  const { stdout } = await onLoadCore('ab', args, 60);
  const figure = (name: string) => Number(new RegExp(`^${name}:?\\s+([0-9.]+)`, 'm').exec(stdout)?.[1] ?? 0);
  const perSecond = figure('Requests per second');
  if (!(perSecond > 0)) throw new Error(`${url}: ${stdout.slice(-400)}`);
  const unanswered = requests - figure('Complete requests');
  return { perSecond, failed: figure('Failed requests') + figure('Non-2xx responses') + unanswered };
}

function onLoadCore(command: string, args: readonly string[], seconds: number) {
  const timeout = (seconds + 60) * 1_000;
  if (availableParallelism() === 1) return run(command, [...args], { timeout });
  return run('taskset', ['-c', LOAD_CORE, command, ...args], { timeout });
}
