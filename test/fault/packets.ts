import type { ChunkHook } from '../support/tcp-proxy.ts';

/** Words that identify a place in an exchange on the wire. */
export const PACKETS = {
  rowLock: 'FOR UPDATE',
  ledgerEntry: 'INTO leafcutter_ledger',
  fence: '{fence}:tag:',
  commit: 'COMMIT',
  refill: '/segments HTTP',
  renewal: '/renew HTTP',
  segment: '"start":"',
} as const;

/** Does something at each request that holds `packet`, before it goes on. */
export function atRequest(packet: string, act: (chunk: Buffer) => ReturnType<ChunkHook>): ChunkHook {
  return (direction, chunk) =>
    direction === 'client-to-server' && chunk.includes(packet) ? act(chunk) : 'pass';
}

/** Does something at each answer that holds `packet`, before it goes on. */
export function atAnswer(packet: string, act: (chunk: Buffer) => ReturnType<ChunkHook>): ChunkHook {
  return (direction, chunk) =>
    direction === 'server-to-client' && chunk.includes(packet) ? act(chunk) : 'pass';
}

/** Lets the request go on and drops the connection at its answer: it was carried out, and nobody hears of it. */
export function cutAfter(packet: string, every: number): ChunkHook {
  const asked = new Set<number>();
  let seen = 0;
  return (direction, chunk, connectionId) => {
    if (direction === 'server-to-client') return asked.delete(connectionId) ? 'cut' : 'pass';
    if (chunk.includes(packet) && ++seen % every === 0) asked.add(connectionId);
    return 'pass';
  };
}

/** True every `every`-th time it is asked. */
export function everyNth(every: number): () => boolean {
  let asked = 0;
  return () => ++asked % every === 0;
}
