import { LeafcutterError } from '../errors.ts';

/**
 * Agents and coordinators say in each message which version of the wire they speak, and refuse a partner that is
 * older than they understand. Fields are only ever added, and unknown ones are ignored, so neighbouring releases work
 * side by side, whichever is upgraded first. A change that older partners cannot live with raises both numbers, the
 * lower one a release later.
 */
export const WIRE_HEADER = 'leafcutter-wire';
/** The version that this program speaks. */
export const WIRE_VERSION = 1;
/**
 * A text of the agent's choice that a coordinator gives back with its answer, so that the agent knows whose answer it is. One of an
 * earlier release gives none.
 */
export const CALL_HEADER = 'leafcutter-call';
/** The oldest version that it understands. */
const OLDEST_WIRE_VERSION = 1;

/** Checks the partner's version; one that sends none speaks version 1. @throws VERSION_UNSUPPORTED */
export function checkWire(
  said: string | string[] | undefined,
  partner: 'agent' | 'coordinator',
  oldest: number = OLDEST_WIRE_VERSION,
): void {
  const version = said === undefined ? 1 : Number(said);
  if (version >= oldest) return;
  throw new LeafcutterError(
    'VERSION_UNSUPPORTED',
    `This ${partner} speaks wire version ${String(said ?? 1).slice(0, 20)}; ${oldest} or newer is understood here. Upgrade the ${partner} first.`,
  );
}
