import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { poll } from './poll.ts';

/** A command that Redis carried out, with the address of its client, or `lua` for what a script called. */
export interface SeenCommand {
  readonly address: string;
  readonly command: string;
}

const SEEN = /^\+[\d.]+ \[\d+ (?<address>[^\]]+)\] (?<command>.*)$/;
const LAST = 'leafcutter-test:watched';

/**
 * What the clients of a Redis send while `work` goes on. The socket is our own: `monitor()` of ioredis 6.0 throws if
 * the first command comes in the same chunk as the answer to MONITOR.
 */
export async function commandsDuring(port: number, work: () => Promise<void>): Promise<SeenCommand[]> {
  const socket = connect(port, '127.0.0.1');
  const lines = createInterface({ input: socket });
  const admin = new Redis(port, '127.0.0.1');
  const seen: SeenCommand[] = [];
  lines.on('line', (line) => {
    const { address = '', command = '' } = SEEN.exec(line)?.groups ?? {};
    if (command !== '') seen.push({ address, command });
  });
  try {
    const answered = once(lines, 'line');
    socket.write('MONITOR\r\n');
    await answered;
    await work();
    // What was sent before this was seen before it.
    await admin.set(LAST, '1');
    await poll(() => seen.some(({ command }) => command.includes(LAST)));
    return seen;
  } finally {
    admin.disconnect();
    lines.close();
    socket.destroy();
  }
}
