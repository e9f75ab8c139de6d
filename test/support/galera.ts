import { createConnection } from 'mysql2/promise';
import { findLibrary } from './find-binary.ts';
import { type MariadbServer, startMariadb } from './mariadb-server.ts';
import { poll } from './poll.ts';
import { freePort } from './ports.ts';

/** A Galera cluster of MariaDBs. */
export interface GaleraSetup extends AsyncDisposable {
  readonly nodes: readonly MariadbServer[];
}

/**
 * Starts a Galera of this many nodes. It takes about ten seconds: each copies the data of one before (SST by rsync).
 */
export async function startGalera(size = 3): Promise<GaleraSetup> {
  await using starting = new AsyncDisposableStack();
  const groupPorts = await Promise.all(Array.from({ length: size }, freePort));
  const members = groupPorts.map((port) => `127.0.0.1:${port}`).join(',');
  const nodes: MariadbServer[] = [];
  for (const [index, groupPort] of groupPorts.entries()) {
    const args = await galeraArguments(groupPort, index === 0 ? '' : members);
    nodes.push(starting.use(await startMariadb({ args, writableByAll: true })));
  }
  const whole = () => Promise.all(nodes.map(({ port }) => hasMembers(port, size)));
  if (!(await poll(async () => (await whole()).every(Boolean))))
    throw new Error(`the nodes do not meet:\n${nodes[size - 1]?.lines.slice(-20).join('\n')}`);
  const stack = starting.move();
  return { nodes, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function galeraArguments(groupPort: number, members: string): Promise<string[]> {
  const provider = [
    `gmcast.listen_addr=tcp://127.0.0.1:${groupPort}`,
    `ist.recv_addr=127.0.0.1:${await freePort()}`,
    // A killed node is given up after three seconds; by default after five.
    ...['evs.suspect_timeout=PT3S', 'gcache.size=8M'],
  ];
  return [
    ...['--wsrep-on=ON', `--wsrep-provider=${findLibrary('galera/libgalera_smm.so', 'galera-4')}`],
    ...[`--wsrep-cluster-address=gcomm://${members}`, '--wsrep-cluster-name=leafcutter'],
    ...[`--wsrep-node-address=127.0.0.1:${groupPort}`, '--wsrep-sst-method=rsync'],
    `--wsrep-sst-receive-address=127.0.0.1:${await freePort()}`,
    ...[
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      `--wsrep-provider-options=${provider.join(';')}`,
    ],
  ];
}

async function hasMembers(port: number, size: number): Promise<boolean> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' });
  try {
    const [rows] = await connection.query("SHOW STATUS LIKE 'wsrep_cluster_size'");
    return Number((rows as { Value: string }[])[0]?.Value) === size;
  } finally {
    connection.destroy();
  }
}
