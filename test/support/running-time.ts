/** How often it is looked whether this process has its turns. */
const LOOK_MS = 50;
/** A look that comes so much too late means that this process, and perhaps the whole machine, stood still. */
const STALL_MS = 250;

let stoodStillMs = 0;
let lookedMs = performance.now();

setInterval(look, LOOK_MS).unref();

function look(): void {
  const now = performance.now();
  const lateMs = now - lookedMs - LOOK_MS;
  if (lateMs > STALL_MS) stoodStillMs += lateMs;
  lookedMs = now;
}

/**
 * Monotonic milliseconds in which this process had its turns. What stands still with it, as all do on a machine that is
 * too busy, is not blamed for that time.
 */
export function runningMs(): number {
  look();
  return performance.now() - stoodStillMs;
}
