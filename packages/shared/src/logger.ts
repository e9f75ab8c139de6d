import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines on standard output. Fixed fields: `service`, `agentId`, `instanceId`, `coordinatorId`, `tag`,
 * `machineId`, `durationMs`, `code`. Nothing is logged per ID, and tokens never.
 */
export function createLogger(
  level: LogLevel,
  fields: Readonly<Record<string, string>>,
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['authorization', '*.authorization', '*.headers.authorization'],
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
