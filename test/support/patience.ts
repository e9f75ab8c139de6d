/**
 * How long real things may take, in milliseconds: here and nowhere else. A test's verdict must not depend on the
 * speed of the machine, so these are far above what an idle one needs. They only bound how long a failing test takes
 * to fail.
 */

/** More, if a machine is busy with other things: `LEAFCUTTER_PATIENCE=5` is five times as much. */
const FACTOR = Number(process.env.LEAFCUTTER_PATIENCE ?? 1);

/** Until a real server or service is up, or a state that is bound to come has come. */
export const PATIENCE_MS = 120_000 * FACTOR;

/** For a test or a hook on real servers as a whole. More than one wait, so that the wait can say what it missed. */
export const TEST_MS = 600_000 * FACTOR;

/**
 * Deadlines of the product for tests that are not about deadlines: variables of both services, which a flag
 * overrides. With its own deadlines, an agent on a machine that stands still for two seconds refuses what it would
 * have served.
 */
export const UNHURRIED: Readonly<Record<string, string>> = {
  LEAFCUTTER_WAIT_MS: '30000',
  LEAFCUTTER_COORDINATOR_TIMEOUT_MS: '20000',
  LEAFCUTTER_REQUEST_DEADLINE_MS: '15000',
  LEAFCUTTER_MYSQL_STATEMENT_TIMEOUT_MS: '10000',
  LEAFCUTTER_REDIS_COMMAND_TIMEOUT_MS: '10000',
  LEAFCUTTER_SNOWFLAKE_MAX_CLOCK_SKEW_MS: '20000',
};
