import { type DestinationStream, type Logger, pino } from 'pino';
import { visibleJson } from '../visible.ts';

export type { Logger };
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * JSON lines. Fixed fields: `service`, `agentId`, `instanceId`, `coordinatorId`, `tag`, `machineId`, `durationMs`,
 * `code`. Nothing is logged per ID, and tokens never are.
 */
export function createLogger(
  level: LogLevel,
  fields: Readonly<Record<string, string>>,
  destination: DestinationStream,
): Logger {
  const options = {
    level,
    base: fields,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['authorization', '*.authorization', '*.headers.authorization'],
    serializers: { err: describe },
    hooks: { streamWrite: visibleJson },
  };
  return pino(options, destination);
}

/** How many nested causes are logged. */
const MAX_DEPTH = 5;

/**
 * What a log line says about an error. Nothing else of it: drivers attach whole commands to theirs, even AUTH with
 * its password.
 */
function describe(error: unknown, depth = 0): unknown {
  if (typeof error !== 'object' || error === null || depth > MAX_DEPTH) return String(error);
  const { name, message, code, errno, reason, stack, cause } = error as Record<string, unknown>;
  return {
    type: name,
    message,
    code,
    errno,
    reason,
    stack,
    ...(cause === undefined ? {} : { cause: describe(cause, depth + 1) }),
  };
}
