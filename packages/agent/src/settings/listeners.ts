import type { Address } from '@leafcutter/shared/config/address';

/** The settings that say where an agent listens on TCP. */
interface Listeners {
  readonly listen: Address;
  readonly opsListen: Address | undefined;
  readonly grpc: { readonly listen: Address | undefined };
  readonly goLeaf: { readonly grpcListen: Address | undefined };
  readonly resp: { readonly listen: Address | undefined };
}

type Key = 'listen' | 'opsListen' | 'grpc.listen' | 'goLeaf.grpcListen' | 'resp.listen';

interface Listener {
  /** The setting. */
  readonly key: Key;
  readonly at: Address;
}

/** The doors that other machines can reach and that issue IDs. */
export function networkListeners(config: Listeners): Listener[] {
  return listeners(config).filter(({ key, at }) => key !== 'opsListen' && !at.isLoopback);
}

/** The first two settings with one address; port 0 becomes a port of its own. */
export function clashingListeners(config: Listeners): { key: Key; other: Key } | undefined {
  const seen = new Map<string, Key>();
  for (const { key, at } of listeners(config)) {
    const other = seen.get(String(at));
    if (other !== undefined && at.port !== 0) return { key, other };
    seen.set(String(at), key);
  }
  return undefined;
}

function listeners({ listen, opsListen, grpc, goLeaf, resp }: Listeners): Listener[] {
  const all: readonly [Key, Address | undefined][] = [
    ['listen', listen],
    ['opsListen', opsListen],
    ['grpc.listen', grpc.listen],
    ['goLeaf.grpcListen', goLeaf.grpcListen],
    ['resp.listen', resp.listen],
  ];
  return all.flatMap(([key, at]) => (at === undefined ? [] : [{ key, at }]));
}
