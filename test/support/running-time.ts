/** How often to check whether this process gets its turns. */
const LOOK_MS = 50;
/** If a check comes this late, this process, and perhaps the whole machine, stood still. */
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
 * Monotonic milliseconds in which this process got its turns. On a machine that is too busy everything stands still
 * together, and nothing is blamed for that time.
 */
export function runningMs(): number {
  look();
  return performance.now() - stoodStillMs;
}
