import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { WriteSome } from './log-output.ts';

const STDOUT = 1;

/** Standard output, for a `LogOutput`. */
export function standardOutput(): WriteSome {
  const fd = withoutWaiting(STDOUT);
  return (bytes) => writeSync(fd, bytes);
}

/**
 * A writer to the same place as `fd`, which gets EAGAIN when `fd` would wait for a reader.
 *
 * A pipe or a terminal is opened once more, because O_NONBLOCK would also apply to all other processes that have the
 * same one, such as the shell. Some cannot be opened again: a socket such as systemd's journal, or something that
 * another user owns. They are set directly; Node does that to every pipe and socket that it makes a stream of.
 */
function withoutWaiting(fd: number): number {
  const kind = fstatSync(fd);
  // Files never wait for anybody.
  if (kind.isFile()) return fd;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    if (kind.isFIFO() || kind.isSocket()) new Socket({ fd, readable: false, writable: true }).unref();
    return fd;
  }
}
