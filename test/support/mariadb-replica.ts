import { querySql, type SqlRow } from './mariadb-client.ts';
import { type MariadbServer, startMariadb } from './mariadb-server.ts';
import { TcpProxy } from './tcp-proxy.ts';

const HOST = '127.0.0.1';
const CATCH_UP_S = 20;

/** A MariaDB that replicates, asynchronously as by default: a COMMIT is answered before a replica has heard of it. */
function start(serverId: number): Promise<MariadbServer> {
  const log = ['--log-bin=binlog', '--log-slave-updates', '--binlog-format=ROW'];
  return startMariadb({ args: [`--server-id=${serverId}`, ...log] });
}

/** A fresh server that applies everything that `primary` ever wrote, and takes no other writes. */
async function startReplica(serverId: number, primary: MariadbServer): Promise<MariadbServer> {
  const replica = await start(serverId);
  const { port } = replica;
  // Its own first steps must not conflict with the primary's.
  await querySql(port, 'RESET MASTER');
  await querySql(
    port,
    `CHANGE MASTER TO MASTER_HOST = '${HOST}', MASTER_PORT = ${primary.port}, MASTER_USER = 'root',
       MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos`,
  );
  await querySql(port, 'START SLAVE');
  await querySql(port, 'SET GLOBAL read_only = ON');
  return replica;
}

/**
 * A primary and its asynchronous replica, behind one address that leads to the primary.
 *
 * - following: the replica takes what the primary writes. The first state; also entered by `follow` and by
 *   `failOver`.
 * - cut off: it takes nothing more. Entered by `cutOff`, left by `follow` and by `failOver`.
 */
export class ReplicatedMariadb implements AsyncDisposable {
  readonly #address: TcpProxy;
  #primary: MariadbServer;
  #replica: MariadbServer;
  #serverIds = 2;

  private constructor(address: TcpProxy, primary: MariadbServer, replica: MariadbServer) {
    this.#address = address;
    this.#primary = primary;
    this.#replica = replica;
  }

  static async start(): Promise<ReplicatedMariadb> {
    await using starting = new AsyncDisposableStack();
    const primary = starting.use(await start(1));
    const replica = starting.use(await startReplica(2, primary));
    const address = await TcpProxy.start({ target: { host: HOST, port: primary.port } });
    starting.move();
    return new ReplicatedMariadb(address, primary, replica);
  }

  /** Leads to the primary, also after it changed. */
  get url(): string {
    return this.#primary.url.replace(`:${this.#primary.port}/`, `:${this.#address.port}/`);
  }

  get primary(): MariadbServer {
    return this.#primary;
  }

  get replica(): MariadbServer {
    return this.#replica;
  }

  /** Runs one statement on the primary's database. */
  query(sql: string, values: readonly unknown[] = []): Promise<SqlRow[]> {
    const { port, url } = this.#primary;
    return querySql(port, sql, values, new URL(url).pathname.slice(1));
  }

  /** The replica gets everything that is committed by now, and nothing that is committed after this resolves. */
  async cutOff(): Promise<void> {
    await this.#caughtUp();
    await querySql(this.#replica.port, 'STOP SLAVE');
  }

  /** The replica gets what it missed. */
  async follow(): Promise<void> {
    await querySql(this.#replica.port, 'START SLAVE');
  }

  /** The primary is killed, and the replica promoted in its place with what it has; a fresh one follows it. */
  async failOver(): Promise<void> {
    const promoted = this.#replica;
    const lost = this.#primary;
    await lost.kill();
    for (const sql of ['STOP SLAVE', 'RESET SLAVE ALL', 'SET GLOBAL read_only = OFF'])
      await querySql(promoted.port, sql);
    this.#primary = promoted;
    this.#address.leadTo({ host: HOST, port: promoted.port });
    this.#replica = await startReplica(++this.#serverIds, promoted);
    await lost.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#address.close();
    await Promise.all([this.#primary.dispose(), this.#replica.dispose()]);
  }

  async #caughtUp(): Promise<void> {
    const [written] = await querySql(this.#primary.port, 'SELECT @@gtid_binlog_pos AS position');
    const sql = 'SELECT MASTER_GTID_WAIT(?, ?) AS late';
    const [answer] = await querySql(this.#replica.port, sql, [written?.position, CATCH_UP_S]);
    if (String(answer?.late) === '0') return;
    const [status] = await querySql(this.#replica.port, 'SHOW SLAVE STATUS');
    throw new Error(`the replica does not follow: ${status?.Last_IO_Error} ${status?.Last_SQL_Error}`);
  }
}
