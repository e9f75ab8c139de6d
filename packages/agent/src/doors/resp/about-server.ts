import { createHash } from 'node:crypto';
import { VERSION } from '@leafcutter/shared/version';
import { array, bulk, failure, integer, map, nothing } from './replies.ts';

/** Where a client of a cluster finds this door: where it did. */
export interface RespAddress {
  readonly host: string;
  readonly port: number;
}

const SLOTS = 16_384;
const SECTIONS: Readonly<Record<string, string>> = {
  server: `# Server\r\nserver_name:leafcutter\r\nleafcutter_version:${VERSION}\r\nredis_mode:standalone\r\n`,
  persistence: '# Persistence\r\nloading:0\r\n',
  replication: '# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_repl_offset:0\r\n',
};
const ALL = ['all', 'default', 'everything'];

/** `INFO [section …]`: what clients look for before they begin, and nothing of a database that is not here. */
export function info(asked: readonly string[]): string {
  const names = new Set(asked.map((name) => name.toLowerCase()));
  const isAll = names.size === 0 || ALL.some((name) => names.has(name));
  const sections = Object.entries(SECTIONS).filter(([name]) => isAll || names.has(name));
  return bulk(sections.map(([, text]) => text).join('\r\n'));
}

/** `CLUSTER …`: one node that has every slot. A Unix socket has no address that a node could be told by. */
export function cluster(at: RespAddress | undefined, what: string, version: 2 | 3): string {
  if (at === undefined) return failure('ERR This instance has cluster support disabled');
  const id = createHash('sha1').update(`${at.host}:${at.port}`).digest('hex');
  switch (what.toLowerCase()) {
    case 'slots': {
      // Without the list of further names that Redis 7 adds: go-redis 8 takes no node that has one.
      const node = array([bulk(at.host), integer(at.port), bulk(id)]);
      return array([array([integer(0), integer(SLOTS - 1), node])]);
    }
    case 'shards': {
      const node = {
        id: bulk(id),
        port: integer(at.port),
        ip: bulk(at.host),
        endpoint: bulk(at.host),
        role: bulk('master'),
        'replication-offset': integer(0),
        health: bulk('online'),
      };
      const slots = array([integer(0), integer(SLOTS - 1)]);
      return array([mapOf({ slots, nodes: array([mapOf(node, version)]) }, version)]);
    }
    case 'nodes':
      return bulk(`${id} ${at.host}:${at.port}@${at.port} myself,master - 0 0 1 connected 0-${SLOTS - 1}\n`);
    case 'myid':
      return bulk(id);
    case 'info':
      return bulk(
        `cluster_enabled:1\r\ncluster_state:ok\r\ncluster_slots_assigned:${SLOTS}\r\ncluster_slots_ok:${SLOTS}\r\n` +
          'cluster_known_nodes:1\r\ncluster_size:1\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n',
      );
    default:
      return failure(`ERR unknown subcommand '${what.slice(0, 64)}'. Try CLUSTER HELP.`);
  }
}

/** What `COMMAND` tells of one: enough to find its keys. */
export interface CommandShape {
  readonly least: number;
  readonly most: number;
  readonly opens?: 'tag' | 'snowflake';
}

/** `COMMAND [COUNT|DOCS|LIST|INFO name …]`. */
export function aboutCommands(
  commands: ReadonlyMap<string, CommandShape>,
  version: 2 | 3,
  [what = '', ...names]: readonly string[],
): string {
  switch (what.toLowerCase()) {
    case '':
      return array([...commands].map(([name, shape]) => described(name, shape)));
    case 'count':
      return integer(commands.size);
    case 'docs':
      return map([], version);
    case 'list':
      return array([...commands.keys()].map(bulk));
    case 'info': {
      const asked = names.length === 0 ? [...commands.keys()] : names.map((name) => name.toLowerCase());
      return array(
        asked.map((name) => {
          const shape = commands.get(name);
          return shape === undefined ? nothing(version) : described(name, shape);
        }),
      );
    }
    default:
      return failure(`ERR unknown subcommand '${what.slice(0, 64)}'. Try COMMAND HELP.`);
  }
}

function described(name: string, { least, most, opens }: CommandShape): string {
  const arity = least === most ? least + 1 : -(least + 1);
  const flags = (opens === undefined ? ['fast'] : ['write', 'fast']).map((flag) => `+${flag}\r\n`);
  const key = integer(opens === 'tag' ? 1 : 0);
  return array([bulk(name), integer(arity), array(flags), key, key, key]);
}

function mapOf(entries: Readonly<Record<string, string>>, version: 2 | 3): string {
  return map(
    Object.entries(entries).map(([key, value]) => [bulk(key), value] as const),
    version,
  );
}
