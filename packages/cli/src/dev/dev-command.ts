import { join, resolve } from 'node:path';
import { ENVIRONMENT_PREFIX } from '@leafcutter/shared/config/names';
import type { ConfigOf } from '@leafcutter/shared/config/settings';
import { StartError } from '@leafcutter/shared/http/bind';
import { AdminClient } from '../admin/admin-client.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { loadSettings } from '../load-settings.ts';
import { ChildService } from './child-service.ts';
import { devSettings } from './dev-settings.ts';

/** A start takes a second or two, and on a very busy machine more than half a minute. */
const READY_MS = 120_000;
/** In a checkout, `npm start --` takes the same flags. */
const OTHER_PORTS =
  '--dev-coordinator 127.0.0.1:8190 --dev-agents 127.0.0.1:8090,127.0.0.1:8091 --dev-grpc 127.0.0.1:9001 --dev-go-leaf-grpc 127.0.0.1:1235 --dev-resp 127.0.0.1:6391';
/** What a service says when it finds its place taken, and the way around. Nothing else is cured by another place. */
const WAYS_OUT: readonly (readonly [RegExp, string])[] = [
  [/^Port \d+ on .* is in use/m, `To use other ports: leafcutter dev ${OTHER_PORTS}`],
  [
    /^Another process.* has .* open/m,
    `To run a second one: leafcutter dev --data-dir .leafcutter-2 ${OTHER_PORTS}`,
  ],
];

/**
 * `leafcutter dev`: an embedded coordinator and its agents as real processes, with a tag to try. Stops them in order
 * (agents first, so that they can end their leases) when asked to, or when one of them ends by itself.
 */
export async function devCommand(io: Io): Promise<ExitCode> {
  const loaded = loadSettings(io, devSettings, 'dev command', 'leafcutter dev');
  if (loaded === undefined) return EXIT.ok;
  for (const warning of loaded.warnings) io.err(`${warning}\n`);
  const { devCoordinator, devAgents, devGrpc, devGoLeafGrpc, devResp, devTag } = loaded.config;
  const dataDir = resolve(io.cwd, loaded.config.dataDir);
  const coordinatorUrl = `http://${devCoordinator}`;
  const { opaqueKeys } = loaded.config;
  // Not as a flag: other users can see those.
  const keys = { [`${ENVIRONMENT_PREFIX}OPAQUE_KEYS`]: opaqueKeys.join(',') };
  const services: ChildService[] = [];
  let wasReady = false;
  let said = '';
  const start = (name: string, ...args: string[]) => {
    const service = new ChildService(name, [...io.self, ...args], {
      logFile: join(dataDir, 'logs', `${name}.log`),
      // Neither this shell's settings nor its `.env`: tokens or a database meant for production have no place here.
      cwd: join(dataDir, 'logs'),
      env: { ...withoutSettings(io.env), ...keys },
      err: (text) => {
        if (!wasReady) said += text;
        io.err(text.replace(/^(?=.)/gm, `${name}: `));
      },
    });
    services.push(service);
    return service;
  };

  const stopped = io.stopRequested.then(() => 'stop' as const);
  try {
    io.out('Starting an embedded coordinator …\n');
    const flags = ['--listen', String(devCoordinator), '--data-dir', dataDir];
    const coordinator = start('coordinator', 'coordinator', ...flags);
    if ((await Promise.race([coordinator.ready(`${coordinatorUrl}/readyz`, READY_MS), stopped])) === 'stop')
      return EXIT.ok;
    await new AdminClient(coordinatorUrl, undefined).ensureTag(devTag);
    const ready = devAgents.map((listen, index) => {
      io.out(`Starting agent ${index + 1} of ${devAgents.length} …\n`);
      const name = `agent-${index + 1}`;
      const flags = ['--listen', listen, '--agent-id', name, '--coordinators', coordinatorUrl];
      // One agent has the other doors: a port can be taken only once.
      const doors = index === 0 ? otherDoors(loaded.config) : [];
      return start(name, 'agent', ...flags, '--snowflake-enabled', ...doors).ready(
        `http://${listen}/readyz`,
        READY_MS,
      );
    });
    if ((await Promise.race([Promise.all(ready), stopped])) === 'stop') return EXIT.ok;
    wasReady = true;
    const doors = { grpc: String(devGrpc), goLeafGrpc: String(devGoLeafGrpc), resp: String(devResp) };
    io.out(welcome({ coordinatorUrl, agents: devAgents, ...doors, tag: devTag, dataDir }));

    const end = await Promise.race([stopped, ...services.map((service) => service.ended)]);
    if (end === 'stop') return EXIT.ok;
    io.err(`${end}; its log is in ${join(dataDir, 'logs')}.\n`);
    return EXIT.failed;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const wayOut = WAYS_OUT.find(([sentence]) => sentence.test(said))?.[1];
    throw wayOut === undefined ? error : new StartError(`${error.message} ${wayOut}`, { cause: error });
  } finally {
    io.out('Stopping …\n');
    const [coordinator, ...agents] = services;
    await Promise.all(agents.map((agent) => agent.stop()));
    await coordinator?.stop();
    io.out(wasReady ? 'Stopped. The next start continues from here.\n' : 'Stopped.\n');
  }
}

/** Flags of the doors besides HTTP. */
function otherDoors({ devGrpc, devGoLeafGrpc, devResp }: ConfigOf<typeof devSettings>): string[] {
  return [
    ...['--grpc-listen', String(devGrpc)],
    ...['--go-leaf-grpc-listen', String(devGoLeafGrpc)],
    ...['--resp-listen', String(devResp)],
  ];
}

/** The environment without what would configure a service. */
function withoutSettings(env: Io['env']): Io['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith(ENVIRONMENT_PREFIX)));
}

function welcome(started: {
  coordinatorUrl: string;
  agents: readonly string[];
  grpc: string;
  goLeafGrpc: string;
  resp: string;
  tag: string;
  dataDir: string;
}): string {
  const { coordinatorUrl, agents, grpc, goLeafGrpc, resp, tag, dataDir } = started;
  const [first = ''] = agents;
  return `
Leafcutter is ready.

  coordinator   ${coordinatorUrl}
${agents.map((listen, index) => `  agent ${index + 1}       http://${listen}`).join('\n')}
                gRPC ${grpc}, go-leaf’s gRPC ${goLeafGrpc}, Redis protocol ${resp}
  data          ${dataDir}

Try:

  curl http://${first}/v1/ids/${tag}
  curl http://${first}/v1/snowflake
  curl "http://${first}/v1/ids/${tag}?count=5"
  redis-cli -p ${resp.split(':').at(-1)} INCR ${tag}

In a browser:

  ${coordinatorUrl}/   the fleet, live
  http://${first}/   one agent

Press Ctrl-C to stop. The next start continues from here.
`;
}
