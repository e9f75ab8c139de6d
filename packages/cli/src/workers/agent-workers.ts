import { createServer } from 'node:net';
import { type AgentConfig, type AgentSettings, agentSettings } from '@leafcutter/agent/settings';
import { applyAll } from '@leafcutter/shared/config/live-settings';
import { bind } from '@leafcutter/shared/http/bind';
import type { Logger } from '@leafcutter/shared/logger';
import type { Io } from '../io.ts';
import type { Reloading } from '../serve/reload.ts';
import { Supervisor } from './supervisor.ts';

/** Runs `config.workers` agents behind one port. @throws StartError where a port is taken or a worker cannot start */
export async function startWorkers(
  config: AgentConfig,
  io: Io,
  log: Logger,
): Promise<Reloading<AgentSettings> & { stop(): Promise<void> }> {
  await checkPorts(config);
  const [command, ...args] = io.self;
  const running = await Supervisor.start({
    commandLine: [command, ...args, 'agent', ...io.argv],
    cwd: io.cwd,
    env: io.env,
    workers: config.workers,
    stopWithinMs: config.drainDelayMs + config.drainMs,
    log,
  });
  log.info({ workers: config.workers, listen: String(config.listen) }, 'workers are listening');
  const passOn = () => running.reload();
  return {
    stop: () => running.stop(),
    appliers: {
      ...applyAll(agentSettings, passOn),
      logLevel({ logLevel }) {
        log.level = logLevel;
        passOn();
      },
    },
    // Each worker counts for itself.
    reloaded(result) {
      if (result === 'failed') passOn();
    },
  };
}

/** Sockets that share a port would join another program that shares it too. Without sharing, the taken port shows. */
async function checkPorts({ listen, opsListen, resp }: AgentConfig): Promise<void> {
  for (const [setting, at] of Object.entries({ listen, opsListen, 'resp.listen': resp.listen })) {
    if (at === undefined) continue;
    const server = createServer();
    await bind(server, at, setting);
    await new Promise((resolve) => server.close(resolve));
  }
}
