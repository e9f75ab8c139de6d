import { Socket } from 'node:net';
import { platform } from 'node:os';

/**
 * What all connections read into. A callback has looked at it, or copied from it, before the next connection is read.
 * As large as what Node reads at once.
 */
const SHARED = Buffer.allocUnsafeSlow(65_536);

/** What `net.Socket` keeps its option `onread` under. */
const BUFFER = symbolOf('kBuffer');
const CALLBACK = symbolOf('kBufferCb');

/** What may be kept of what was read: a copy if somebody else's bytes will stand there. */
export function kept(bytes: Buffer): Buffer {
  return bytes.buffer === SHARED.buffer ? Buffer.from(bytes) : bytes;
}

/** A handle of Node's own, which reads into memory of ours. */
interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

/**
 * Calls `read` with what arrives, in memory that is somebody else's afterwards; instead of `data`. Each `data` is a block
 * of memory that lives on until a scavenge, and scavenges that free thousands of them are what the slowest answers wait
 * for. Node has this (`onread`) for sockets that connect only, so an accepted one is told as Node's constructor would tell
 * it.
 *
 * False, and nothing is changed, if this Node does it in another way.
 */
export function readShared(socket: Socket, read: (bytes: Buffer) => void): boolean {
  const parts = socket as unknown as Record<symbol, unknown> & { readonly _handle?: Handle | null };
  // There a read may be under way for many connections at once, each into its own memory.
  if (platform() === 'win32') return false;
  // What has been read already comes as `data`, and those with TLS may have.
  if (socket.constructor !== Socket || socket.readableLength > 0) return false;
  if (BUFFER === undefined || CALLBACK === undefined || parts[BUFFER] !== null) return false;
  if (typeof parts._handle?.useUserBuffer !== 'function') return false;
  parts[BUFFER] = SHARED;
  parts[CALLBACK] = (length: number) => {
    read(SHARED.subarray(0, length));
    return true;
  };
  parts._handle.useUserBuffer(SHARED);
  return true;
}

function symbolOf(description: string): symbol | undefined {
  const all = Object.getOwnPropertySymbols(new Socket());
  return all.find((symbol) => symbol.description === description);
}
