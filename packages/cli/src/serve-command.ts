import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import type { Setting } from '@leafcutter/shared/config/setting';
import type { ConfigTree, Settings, SettingTree } from '@leafcutter/shared/config/settings';
import { createLogger, type Logger, type LogLevel } from '@leafcutter/shared/logger';
import { EXIT, type ExitCode, type Io } from './io.ts';
import { loadSettings } from './load-settings.ts';
import { Reloader, type Reloading } from './reload.ts';
import { WORKER_VARIABLE } from './workers/messages.ts';

export function coordinatorCommand(io: Io): Promise<ExitCode> {
  return serve(
    io,
    'coordinator',
    coordinatorSettings,
    ({ logLevel }) => logLevel,
    async (config, log) => {
      const { startCoordinator } = await import('@leafcutter/coordinator/service');
      return startCoordinator(config, log);
    },
  );
}

export function agentCommand(io: Io): Promise<ExitCode> {
  return serve(
    io,
    'agent',
    agentSettings,
    ({ logLevel }) => logLevel,
    async (config, log) => {
      const number = Number(io.env[WORKER_VARIABLE] ?? 0);
      if (config.workers > 1 && number === 0) {
        const { startWorkers } = await import('./workers/agent-workers.ts');
        return startWorkers(config, io, log);
      }
      const { startAgent } = await import('@leafcutter/agent/service');
      if (number === 0 || io.parent === undefined) return startAgent(config, log);
      const { workerSeat } = await import('./workers/worker-seat.ts');
      return startAgent(config, log.child({ worker: number }), workerSeat(number, io.parent));
    },
  );
}

/** Runs one service until it is asked to stop. */
async function serve<T extends SettingTree & { reloadIntervalS: Setting<number> }>(
  io: Io,
  service: 'agent' | 'coordinator',
  settings: Settings<T>,
  levelOf: (config: ConfigTree<T>) => LogLevel,
  start: (
    config: ConfigTree<T>,
    log: Logger,
  ) => Promise<{ stop(): Promise<void> } & Reloading<ConfigTree<T>>>,
): Promise<ExitCode> {
  const loaded = loadSettings(io, settings, service, `leafcutter ${service}`);
  if (loaded === undefined) return EXIT.ok;
  const log = createLogger(levelOf(loaded.config), { service });
  for (const warning of loaded.warnings) log.warn(warning);
  let reloader: Reloader<T> | undefined;
  let isOld = false;
  // Before anything listens: whoever sees the service may send it.
  io.onHangup(() => {
    isOld = reloader === undefined;
    reloader?.look();
  });
  const running = await Promise.race([start(loaded.config, log), io.stopRequested.then(() => undefined)]);
  if (running === undefined) {
    // Nothing was granted yet; whatever a start does is fit to be cut off.
    log.info('asked to stop before it was ready');
    return EXIT.ok;
  }
  reloader = new Reloader({
    settings,
    config: loaded.config,
    service: running,
    log,
    load: () => loadSettings(io, settings, service, `leafcutter ${service}`)?.config ?? loaded.config,
  });
  if (isOld) reloader.look();
  const everyS = (loaded.config as ConfigTree<{ reloadIntervalS: Setting<number> }>).reloadIntervalS;
  const timer = everyS > 0 ? setInterval(() => reloader?.look(), everyS * 1_000) : undefined;
  io.tellListening();
  const why = await io.stopRequested;
  clearInterval(timer);
  log.info({ why }, 'asked to stop');
  await running.stop();
  return EXIT.ok;
}
