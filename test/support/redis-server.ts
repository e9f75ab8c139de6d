import { findBinary } from './find-binary.ts';
import { NativeServer } from './native-server.ts';
import { freePort } from './ports.ts';
import { answersPing } from './redis-ping.ts';
import { scratchDir } from './scratch-dir.ts';

export interface RedisOptions {
  /** Writes every command to a log that survives `kill`, as far as `appendfsync` promises; default false. */
  readonly appendonly?: boolean;
  /** Snapshot rule such as `'60 1'`; default `''`: no snapshot, so a restart loses what no log holds. */
  readonly save?: string;
  /**
   * Further arguments, for example `['--maxmemory-policy', 'noeviction']`; of two values for a setting the last one
   * wins.
   */
  readonly args?: readonly string[];
}

export interface RedisServer extends NativeServer {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
}

/**
 * Starts a Redis of its own on a free port; takes about 50 ms.
 *
 * @throws Error with the server's last lines if it does not answer PONG.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const directory = await scratchDir('redis');
  const server = await NativeServer.start({
    name: 'redis-server',
    command: findBinary('redis-server', 'redis-server'),
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', options.save ?? '', '--appendonly', options.appendonly ? 'yes' : 'no'],
      ...(options.args ?? []),
    ],
    port,
    directory,
    ready: () => answersPing(port),
  });
  return Object.assign(server, { url: `redis://127.0.0.1:${port}` });
}
