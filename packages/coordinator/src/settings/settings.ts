import { namedTokenList, tokenList } from '@leafcutter/shared/config/list-kinds';
import { int, range } from '@leafcutter/shared/config/number-kinds';
import { address, choice, flag, path, text } from '@leafcutter/shared/config/setting-kinds';
import { type ConfigOf, settings } from '@leafcutter/shared/config/settings';
import { layoutProblem, machineIdCount } from '@leafcutter/shared/layout';
import { LOG_LEVELS } from '@leafcutter/shared/logger';
import { opaqueKeys } from '@leafcutter/shared/opaque-settings';
import { reloadIntervalS, scopedTokens } from '@leafcutter/shared/reload-settings';
import { layoutOf, layoutSettings } from '@leafcutter/shared/snowflake-settings';
import { stopSettings } from '@leafcutter/shared/stop-settings';
import {
  readNamedToken,
  readScopedToken,
  SHORT_TOKEN,
  settingWithShortToken,
} from '@leafcutter/shared/token-entry';
import { jobSettings } from './job-settings.ts';
import { listenSettings } from './listen-settings.ts';
import { storeProblem, storeSettings } from './store-settings.ts';

/** More machine ids than this would make a census of them slow; split the range over deployments instead. */
const MAX_MACHINE_IDS = 65_536;

export const coordinatorSettings = settings(
  {
    listen: address({ default: '127.0.0.1:8100', doc: 'Where agents and admins reach the coordinator.' }),
    opsListen: address({
      optional: true,
      doc: 'A second address that serves only /livez, /readyz and /metrics, without tokens or TLS; off by default.',
    }),
    coordinatorId: text({
      optional: true,
      pattern: /^[\x21-\x7e]{1,200}$/,
      doc: 'Name in the ledger and logs; default: the host name and port.',
    }),
    dataDir: path({
      default: '.leafcutter',
      doc: 'Folder of the embedded database; used only if mysql.url is not set.',
    }),
    embedded: flag({
      default: false,
      doc: 'Use the embedded database even though other machines can reach this coordinator. Without this setting, a forgotten mysql.url is an error rather than a second, empty deployment.',
    }),
    agentTokens: tokenList({
      reloads: true,
      doc: 'Tokens that agents send. If there are none, anyone who can reach the port may take segments and leases.',
    }),
    scopedAgentTokens: scopedTokens,
    opaqueKeys,
    adminTokens: namedTokenList({
      reloads: true,
      doc: 'Tokens that admins send to see, create and change tags. If there are none, anyone who can reach the port may do so. The audit trail records their names.',
    }),
    viewerTokens: tokenList({
      reloads: true,
      doc: 'Read-only tokens for the console, the ledger and explain. Admin tokens can do all of this, too.',
    }),
    allowUnauthenticatedNetwork: flag({
      default: false,
      doc: 'Let other machines connect even if agentTokens or adminTokens is empty, or has a token that could be guessed.',
    }),
    autoCreateTags: flag({
      default: false,
      doc: 'Create a tag, with the default step, when an agent asks for one that doesn’t exist.',
    }),
    agentRequestsPerS: int({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: 'requests/s',
      reloads: true,
      doc: 'Requests per second from one agent. Ten seconds’ worth may come at once. 0: no limit. Segments, leases, reports and requests to read IDs back are counted separately.',
    }),
    tokenRequestsPerS: int({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: 'requests/s',
      reloads: true,
      doc: 'The same limit for all agents that share a token, whatever their names; without tokens, for all agents together.',
    }),
    rosterMaxMb: int({
      default: 40,
      min: 1,
      max: 10_000,
      unit: 'MB',
      doc: 'Memory in Redis for agents’ reports (about 1.3 kB each with ten tags) and for a day of rates, which take a tenth of it. When it’s full, reports of further agents are dropped and counted. Keep it well below Redis’ maxmemory.',
    }),
    reloadIntervalS,
    logLevel: choice(LOG_LEVELS, {
      default: 'info',
      reloads: true,
      doc: 'Least severe level to log.',
    }),
    bodyLimitBytes: int({
      default: 262_144,
      min: 1_024,
      max: 16_777_216,
      unit: 'bytes',
      doc: 'Largest request body.',
    }),
    requestDeadlineMs: int({
      default: 1_500,
      min: 100,
      max: 60_000,
      unit: 'ms',
      doc: 'How long a request for a segment or lease may wait for the stores. Keep it below the agents’ coordinatorTimeoutMs, so that nothing is granted to an agent that has already given up.',
    }),
    ...stopSettings,
    startTimeoutS: int({
      default: 60,
      min: 0,
      max: 31_536_000,
      unit: 's',
      doc: 'How long to wait for MySQL at startup before giving up. Until then only opsListen answers: live, but not ready.',
    }),
    ...listenSettings,
    ...storeSettings,
    segment: {
      adaptiveStep: flag({
        default: true,
        doc: 'Adapt the step to how long segments last. If off, every segment uses the tag’s base step.',
      }),
      maxStep: int({
        default: 1_000_000,
        min: 1,
        max: 2_147_483_647,
        unit: 'ids',
        doc: 'Largest step of tags that don’t set their own.',
      }),
      targetDurationS: int({
        default: 600,
        min: 1,
        max: 86_400,
        unit: 's',
        doc: 'How long a segment should last once callers have had to wait, for tags that don’t set it themselves.',
      }),
      maxQueuedPerTag: int({
        default: 1_000,
        min: 1,
        max: 100_000,
        unit: 'requests',
        doc: 'Refills that may wait for one tag.',
      }),
    },
    snowflake: {
      ...layoutSettings,
      machineIdRange: range({
        optional: true,
        max: 2 ** 20 - 1,
        doc: 'Machine ids that this deployment grants. Use it to keep deployments, regions or a running Leaf apart. Default: all in the layout.',
      }),
      windowInitialMs: int({
        default: 120_000,
        min: 1_000,
        max: 3_600_000,
        unit: 'ms',
        doc: 'Length of a lease’s first window. A crashed agent blocks its machine id for that long.',
      }),
      windowMaxMs: int({
        default: 600_000,
        min: 1_000,
        max: 3_600_000,
        unit: 'ms',
        doc: 'Longest window. Each extension doubles the window up to this. An agent survives an outage of at least half of it.',
      }),
      maxClockSkewMs: int({
        default: 2_000,
        min: 10,
        max: 60_000,
        unit: 'ms',
        doc: 'How far the clocks of agent, coordinator and database may be apart.',
      }),
      heartbeatMs: int({
        default: 15_000,
        min: 100,
        max: 300_000,
        unit: 'ms',
        doc: 'How often agents send a heartbeat.',
      }),
      leaseTtlMs: int({
        default: 60_000,
        min: 300,
        max: 3_600_000,
        unit: 'ms',
        doc: 'How long a lease stays in Redis without a heartbeat.',
      }),
    },
    jobs: jobSettings,
  },
  {
    rules: [
      ({ tls }) =>
        (tls.certFile === undefined) === (tls.keyFile === undefined)
          ? undefined
          : {
              key: tls.certFile === undefined ? 'tls.certFile' : 'tls.keyFile',
              problem: 'must be set: certFile and keyFile belong together',
            },
      ({ tls }) =>
        tls.clientCaFile !== undefined && tls.certFile === undefined
          ? { key: 'tls.clientCaFile', problem: 'has no effect without tls.certFile' }
          : undefined,
      ({ listen, opsListen }) =>
        opsListen !== undefined && opsListen.port !== 0 && String(opsListen) === String(listen)
          ? { key: 'opsListen', problem: 'must not be the same address as listen' }
          : undefined,
      storeProblem,
      ({ listen, mysql, embedded }) =>
        listen.isLoopback || mysql.url !== undefined || embedded
          ? undefined
          : {
              key: 'listen',
              problem:
                'other machines can reach it, so set mysql.url; or set embedded, if you want one coordinator on this disk',
            },
      ({ listen, agentTokens, scopedAgentTokens, adminTokens, allowUnauthenticatedNetwork }) =>
        listen.isLoopback ||
        allowUnauthenticatedNetwork ||
        (agentTokens.length + scopedAgentTokens.length > 0 && adminTokens.length > 0)
          ? undefined
          : {
              key: 'listen',
              problem:
                'other machines can reach it, so set agentTokens and adminTokens, or allowUnauthenticatedNetwork',
            },
      ({ listen, allowUnauthenticatedNetwork, ...config }) => {
        if (listen.isLoopback || allowUnauthenticatedNetwork) return undefined;
        const key = settingWithShortToken({
          agentTokens: config.agentTokens,
          scopedAgentTokens: config.scopedAgentTokens.map((entry) => readScopedToken(entry).token),
          adminTokens: config.adminTokens.map((entry) => readNamedToken(entry).token),
          viewerTokens: config.viewerTokens,
        });
        return key && { key, problem: SHORT_TOKEN };
      },
      ({ viewerTokens, adminTokens }) =>
        viewerTokens.length > 0 && adminTokens.length === 0
          ? { key: 'viewerTokens', problem: 'have no effect without adminTokens: anyone may change tags' }
          : undefined,
      ({ snowflake }) => {
        const problem = layoutProblem(layoutOf(snowflake));
        return problem === undefined ? undefined : { key: 'snowflake.layout', problem };
      },
      ({ snowflake }) => {
        const { first, last } = machineIds(snowflake);
        const highest = machineIdCount(layoutOf(snowflake)) - 1;
        if (last > highest)
          return {
            key: 'snowflake.machineIdRange',
            problem: `must end at ${highest} or below: the layout has no higher ones`,
          };
        if (last - first < MAX_MACHINE_IDS) return undefined;
        return {
          key: 'snowflake.machineIdRange',
          problem: `must hold at most ${MAX_MACHINE_IDS} machine ids`,
        };
      },
      ({ snowflake }) =>
        snowflake.windowMaxMs < snowflake.windowInitialMs
          ? { key: 'snowflake.windowMaxMs', problem: 'must not be less than windowInitialMs' }
          : undefined,
      ({ snowflake }) =>
        snowflake.windowInitialMs < 2 * snowflake.heartbeatMs
          ? { key: 'snowflake.windowInitialMs', problem: 'must be at least two heartbeats' }
          : undefined,
      ({ snowflake }) =>
        snowflake.leaseTtlMs < 2 * snowflake.heartbeatMs
          ? { key: 'snowflake.leaseTtlMs', problem: 'must be at least two heartbeats' }
          : undefined,
    ],
  },
);

export type CoordinatorSettings = (typeof coordinatorSettings)['tree'];
export type CoordinatorConfig = ConfigOf<typeof coordinatorSettings>;

/** The machine ids that a deployment grants, both ends included. */
export function machineIds(snowflake: CoordinatorConfig['snowflake']): { first: number; last: number } {
  const { machineIdRange } = snowflake;
  if (machineIdRange !== undefined) return { first: machineIdRange.first, last: machineIdRange.last };
  return { first: 0, last: machineIdCount(layoutOf(snowflake)) - 1 };
}
