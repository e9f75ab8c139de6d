import { agentSettings } from '@leafcutter/agent/settings';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import type { Setting } from '@leafcutter/shared/config/setting';
import type { ConfigTree, Settings, SettingTree } from '@leafcutter/shared/config/settings';
import { LogOutput } from '@leafcutter/shared/log-output';
import { createLogger, type Logger, type LogLevel } from '@leafcutter/shared/logger';
import { standardOutput } from '@leafcutter/shared/standard-output';
import { systemClock } from '@leafcutter/shared/system-clock';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { loadSettings } from '../load-settings.ts';
import { startWorkers } from '../workers/agent-workers.ts';
import { WORKER_VARIABLE } from '../workers/messages.ts';
import { workerSeat } from '../workers/worker-seat.ts';
import { Reloader, type Reloading } from './reload.ts';

/** How long the end of a service waits for a log that does not take its last lines, in milliseconds. */
const LAST_LINES_MS = 1_000;

export function coordinatorCommand(io: Io): Promise<ExitCode> {
  return serve(
    io,
    'coordinator',
    coordinatorSettings,
    ({ logLevel }) => logLevel,
    async (config, log, output) => {
      const { startCoordinator } = await import('@leafcutter/coordinator/service');
      return startCoordinator(config, log, output);
    },
  );
}

export function agentCommand(io: Io): Promise<ExitCode> {
  return serve(
    io,
    'agent',
    agentSettings,
    ({ logLevel }) => logLevel,
    async (config, log, output) => {
      const number = Number(io.env[WORKER_VARIABLE] ?? 0);
      if (config.workers > 1 && number === 0) return startWorkers(config, io, log);
      const { startAgent } = await import('@leafcutter/agent/service');
      if (number === 0 || io.parent === undefined) return startAgent(config, log, output);
      return startAgent(config, log.child({ worker: number }), output, workerSeat(number, io.parent));
    },
  );
}

type Start<T extends SettingTree> = (
  config: ConfigTree<T>,
  log: Logger,
  output: LogOutput,
) => Promise<{ stop(): Promise<void> } & Reloading<T>>;

/** Runs one service until it is asked to stop. */
async function serve<T extends SettingTree & { reloadIntervalS: Setting<number> }>(
  io: Io,
  service: 'agent' | 'coordinator',
  settings: Settings<T>,
  levelOf: (config: ConfigTree<T>) => LogLevel,
  start: Start<T>,
): Promise<ExitCode> {
  const load = () => loadSettings(io, settings, service, `leafcutter ${service}`);
  const loaded = load();
  if (loaded === undefined) return EXIT.ok;
  const output = new LogOutput(standardOutput(), systemClock);
  const log = createLogger(levelOf(loaded.config), { service }, output);
  output.onDropped = (lines, reason) =>
    log.warn({ lines, reason }, 'the log took nothing for a while; lines before this one were dropped');
  for (const warning of loaded.warnings) log.warn(warning);
  try {
    await run({ io, settings, config: loaded.config, load: () => load()?.config, log, output, start });
    return EXIT.ok;
  } finally {
    await output.end(LAST_LINES_MS);
  }
}

async function run<T extends SettingTree & { reloadIntervalS: Setting<number> }>(parts: {
  readonly io: Io;
  readonly settings: Settings<T>;
  readonly config: ConfigTree<T>;
  readonly load: () => ConfigTree<T> | undefined;
  readonly log: Logger;
  readonly output: LogOutput;
  readonly start: Start<T>;
}): Promise<void> {
  const { io, settings, config, load, log, output, start } = parts;
  const reloader = new Reloader({ settings, config, log, load: () => load() ?? config });
  // Before anything listens: whoever sees the service may send it.
  io.onHangup(() => reloader.look());
  const running = await Promise.race([start(config, log, output), io.stopRequested.then(() => undefined)]);
  if (running === undefined) {
    // Nothing was granted yet, so a start may be cut off at any point.
    log.info('asked to stop before it was ready');
    return;
  }
  reloader.follow(running);
  const everyS = (config as ConfigTree<{ reloadIntervalS: Setting<number> }>).reloadIntervalS;
  const timer = everyS > 0 ? setInterval(() => reloader.look(), everyS * 1_000) : undefined;
  io.tellListening();
  const why = await io.stopRequested;
  clearInterval(timer);
  log.info({ why }, 'asked to stop');
  await running.stop();
}
