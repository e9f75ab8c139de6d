import { tagTokenList, textList, tokenList, urlList } from '@leafcutter/shared/config/list-kinds';
import { int, ratio } from '@leafcutter/shared/config/number-kinds';
import { address, choice, flag, path, text, token } from '@leafcutter/shared/config/setting-kinds';
import { type ConfigOf, settings } from '@leafcutter/shared/config/settings';
import { layoutProblem } from '@leafcutter/shared/layout';
import { LOG_LEVELS } from '@leafcutter/shared/logger';
import { opaqueKeys } from '@leafcutter/shared/opaque-settings';
import { reloadIntervalS, scopedTokens } from '@leafcutter/shared/reload-settings';
import { layoutOf, layoutSettings } from '@leafcutter/shared/snowflake-settings';
import { stopSettings } from '@leafcutter/shared/stop-settings';
import {
  readScopedToken,
  readTagToken,
  SHORT_TOKEN,
  settingWithShortToken,
} from '@leafcutter/shared/token-entry';
import { doorTlsSettings } from './door-tls-settings.ts';
import { linkSettings } from './link-settings.ts';
import { clashingListeners, networkListeners } from './listeners.ts';

export const agentSettings = settings(
  {
    listen: address({ default: '127.0.0.1:8000', doc: 'Where applications reach the agent.' }),
    opsListen: address({
      optional: true,
      doc: 'A second address that serves only /livez, /readyz and /metrics, without tokens; off by default.',
    }),
    agentId: text({
      optional: true,
      pattern: /^[\x21-\x7e]{1,200}$/,
      doc: 'Stable, readable name of this agent; default: the host name and port.',
    }),
    coordinators: urlList({
      default: ['http://127.0.0.1:8100'],
      minItems: 1,
      doc: 'Coordinators to ask, in any order; the agent fails over between them.',
    }),
    coordinatorToken: token({ optional: true, reloads: true, doc: 'Token sent to the coordinators.' }),
    tokens: tokenList({
      reloads: true,
      doc: 'Tokens that applications send. If there are none, anyone who can reach the port may request IDs.',
    }),
    scopedTokens,
    tokenRequestsPerS: int({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: 'requests/s',
      reloads: true,
      doc: 'Requests for IDs per second with one token, over all doors; without tokens, from all clients together. Ten seconds’ worth may come at once. 0: no limit. Each worker counts for itself.',
    }),
    tokenIdsPerS: int({
      default: 0,
      min: 0,
      max: 1_000_000_000,
      unit: 'IDs/s',
      reloads: true,
      doc: 'The same limit for the number of IDs. A batch that exceeds it is served, but then requests are refused until it’s paid for.',
    }),
    opaqueKeys,
    allowUnauthenticatedNetwork: flag({
      default: false,
      doc: 'Let other machines connect even if tokens is empty, or has a token that could be guessed.',
    }),
    allowedHosts: textList({
      pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/,
      takes: 'host names without port',
      doc: 'Host names, besides localhost and IP addresses, by which clients may reach an agent that listens on loopback without tokens. Other names are refused, because a web page could use one that resolves to this machine.',
    }),
    reloadIntervalS,
    logLevel: choice(LOG_LEVELS, {
      default: 'info',
      reloads: true,
      doc: 'Least severe level to log.',
    }),
    bodyLimitBytes: int({
      default: 16_384,
      min: 1_024,
      max: 1_048_576,
      unit: 'bytes',
      doc: 'Largest request body.',
    }),
    workers: int({
      default: 1,
      min: 1,
      max: 64,
      unit: 'processes',
      doc: 'Processes behind one port, each an agent of its own. Only the first one serves Unix sockets and gRPC.',
    }),
    maxConnections: int({
      default: 10_000,
      min: 1,
      max: 1_000_000,
      unit: 'connections',
      doc: 'Most connections at once, for listen and for unix.http. When the limit is reached, a new one replaces one that was never answered, or is closed.',
    }),
    maxConnectionsPerAddress: int({
      optional: true,
      min: 1,
      max: 1_000_000,
      unit: 'connections',
      doc: 'Most connections from one client address (for IPv6, one /64) at each door. Loopback and Unix sockets aren’t limited. Default: a quarter of the door’s connections; raise it if many clients share one address.',
    }),
    directHttp: flag({
      default: true,
      doc: 'Answer plain requests for one ID or a small batch straight from the socket, and limit the memory that a client can tie up by not reading its answers (docs/limits.md). If off, all requests go through the HTTP server, and only the size of one read limits pipelined ones.',
    }),
    waitMs: int({
      default: 2_000,
      min: 1,
      max: 60_000,
      unit: 'ms',
      doc: 'How long a request may wait for IDs.',
    }),
    ...stopSettings,
    coordinatorTimeoutMs: int({
      default: 2_000,
      min: 50,
      max: 60_000,
      unit: 'ms',
      doc: 'How long to wait for one coordinator’s answer before asking the next.',
    }),
    reportIntervalMs: int({
      default: 15_000,
      min: 100,
      max: 300_000,
      unit: 'ms',
      doc: 'How often the agent reports which tags it holds, and learns which are retired.',
    }),
    ...doorTlsSettings,
    ...linkSettings,
    grpc: {
      listen: address({
        optional: true,
        doc: 'Where gRPC clients reach the agent, usually on port 9000; off by default.',
      }),
    },
    leaf: {
      enabled: flag({
        default: true,
        doc: 'Answer Leaf’s clients on the addresses of listen and unix.http.',
      }),
      dottedKeys: choice(['refuse', 'cut', 'whole'], {
        default: 'refuse',
        doc: 'Which tag serves a key with a dot or a semicolon. Leaf cuts the key there, so it serves acct.v2 from the row acct. cut: do the same, for clients that come from Leaf. whole: use the tag with the full name. refuse: neither, until you choose, because the wrong choice repeats IDs.',
      }),
    },
    goLeaf: {
      enabled: flag({
        default: true,
        doc: 'Answer go-leaf’s HTTP clients on the addresses of listen and unix.http.',
      }),
      grpcListen: address({
        optional: true,
        doc: 'Where go-leaf’s gRPC clients reach the agent, usually on port 1234; off by default.',
      }),
    },
    tinyid: {
      enabled: flag({
        default: true,
        doc: 'Answer tinyid’s clients on the addresses of listen and unix.http.',
      }),
      tokens: tagTokenList({
        reloads: true,
        doc: 'Tokens of tinyid’s clients. Each gives access to one tag; those in tokens give access to every tag.',
      }),
      segmentIds: int({
        default: 1_000,
        min: 10,
        max: 1_000_000,
        unit: 'IDs',
        doc: 'How many IDs tinyid’s Java client gets at a time, to issue on its own while the agent is down. (tinyid itself hands out the tag’s step.)',
      }),
    },
    resp: {
      listen: address({
        optional: true,
        doc: 'Where Redis clients reach the agent, usually on port 6390; off by default.',
      }),
      announce: address({
        optional: true,
        doc: 'The address that CLUSTER announces to clients in cluster mode, if ports are mapped between them and the agent. Default: the one that the client connected to.',
      }),
      allowUnsafeIntegers: flag({
        default: false,
        doc: 'Answer INCR and INCRBY even past 2^53 − 1. JavaScript clients round such integers, and rounded IDs repeat.',
      }),
    },
    unix: {
      http: path({ optional: true, doc: 'Unix socket of the HTTP door, in addition to listen.' }),
      grpc: path({ optional: true, doc: 'Unix socket of the gRPC door, in addition to grpc.listen.' }),
      resp: path({ optional: true, doc: 'Unix socket of the Redis door, in addition to resp.listen.' }),
      mode: text({
        default: '660',
        pattern: /^0?[0-7]{3}$/,
        takes: 'permission bits as three octal digits',
        doc: 'Permission bits of the Unix sockets. They determine who may connect.',
      }),
    },
    segment: {
      prefetchAtUsedRatio: ratio({
        default: 0.1,
        min: 0,
        max: 1,
        doc: 'Fetch the next segment once this share of the current one is used.',
      }),
      maxWaiting: int({
        default: 10_000,
        min: 0,
        max: 1_000_000,
        unit: 'callers',
        doc: 'Most callers waiting for one tag.',
      }),
      maxTags: int({
        default: 100_000,
        min: 1,
        max: 10_000_000,
        unit: 'tags',
        doc: 'Tags in memory at once.',
      }),
      idleMs: int({
        default: 3_600_000,
        min: 1_000,
        max: 604_800_000,
        unit: 'ms',
        doc: 'A tag that hasn’t been used for this long is dropped from memory. The rest of its segments is never issued.',
      }),
    },
    snowflake: {
      enabled: flag({ default: false, doc: 'Hold a machine id and serve snowflake IDs.' }),
      ...layoutSettings,
      sequenceStartMax: int({
        default: 1_023,
        min: 0,
        max: 65_535,
        doc: 'An idle generator starts each millisecond at a random sequence up to this one, so that sharding by modulo stays even.',
      }),
      maxClockDriftMs: int({
        default: 2_000,
        min: 0,
        max: 60_000,
        unit: 'ms',
        doc: 'How far timestamps may run ahead of the clock. If the clock is set back further than this, IDs are refused.',
      }),
      maxClockSkewMs: int({
        default: 2_000,
        min: 10,
        max: 60_000,
        unit: 'ms',
        doc: 'How far this machine’s clock may differ from the coordinators’ before the agent stops being ready.',
      }),
    },
  },
  {
    rules: [
      ({ tls: { certFile, keyFile, clientCaFile } }) => {
        if (certFile === undefined && clientCaFile !== undefined)
          return { key: 'tls.clientCaFile', problem: 'has no effect without tls.certFile' };
        if ((certFile === undefined) === (keyFile === undefined)) return undefined;
        const key = certFile === undefined ? 'tls.certFile' : 'tls.keyFile';
        return { key, problem: 'must be set: certFile and keyFile belong together' };
      },
      ({ coordinatorTls: { certFile, keyFile } }) =>
        (certFile === undefined) === (keyFile === undefined)
          ? undefined
          : {
              key: certFile === undefined ? 'coordinatorTls.certFile' : 'coordinatorTls.keyFile',
              problem: 'must be set: certFile and keyFile belong together',
            },
      (config) => {
        const [open] = networkListeners(config);
        const hasTokens = config.tokens.length + config.scopedTokens.length > 0;
        if (open === undefined || config.allowUnauthenticatedNetwork || hasTokens) return undefined;
        return {
          key: open.key,
          problem: 'other machines can reach it, so set tokens or allowUnauthenticatedNetwork',
        };
      },
      ({ workers, listen, opsListen, resp }) => {
        const free = [listen, opsListen, resp.listen].some((at) => at?.port === 0);
        return workers > 1 && free
          ? { key: 'workers', problem: 'must be 1 if a port is 0; with more workers, name the ports' }
          : undefined;
      },
      ({ resp }) =>
        resp.announce?.port === 0
          ? { key: 'resp.announce', problem: 'must name the port that clients use, not 0' }
          : undefined,
      ({ snowflake }) => {
        const problem = layoutProblem(layoutOf(snowflake));
        return problem === undefined ? undefined : { key: 'snowflake.layout', problem };
      },
      (config) => {
        const clash = clashingListeners(config);
        return clash && { key: clash.key, problem: `must not be the same address as ${clash.other}` };
      },
      (config) => {
        if (networkListeners(config).length === 0 || config.allowUnauthenticatedNetwork) return undefined;
        const key = settingWithShortToken({
          tokens: config.tokens,
          scopedTokens: config.scopedTokens.map((entry) => readScopedToken(entry).token),
          'tinyid.tokens': config.tinyid.tokens.map((entry) => readTagToken(entry).token),
        });
        return key && { key, problem: SHORT_TOKEN };
      },
    ],
  },
);

export type AgentSettings = (typeof agentSettings)['tree'];
export type AgentConfig = ConfigOf<typeof agentSettings>;

/**
 * Highest sequence at which a millisecond may start: as set, but never more than a quarter of the layout's sequences,
 * so that small layouts keep their capacity.
 */
export function sequenceStartMax(snowflake: AgentConfig['snowflake']): number {
  const quarter = Math.floor(2 ** layoutOf(snowflake).sequenceBits / 4);
  return Math.min(snowflake.sequenceStartMax, Math.max(0, quarter - 1));
}
