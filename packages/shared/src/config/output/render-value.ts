/** Longer values are cut in messages: the name of the key says where to look. */
const SHOWN_LENGTH = 80;

/** Stands for a secret in every display of values. */
export const MASK = '***';

/**
 * A resolved value in the form in which it could be given, so that it can be copied. For a secret, only whether there
 * is one.
 */
export function renderValue(value: unknown, isSecret: boolean): string {
  if (value === undefined) return 'not set';
  if (Array.isArray(value) && value.length === 0) return 'none';
  if (isSecret) return MASK;
  return isWhole(value) ? renderNumber(value) : String(value);
}

/** A number as a person reads it and a setting takes it: `60_000`. Four digits stay together. */
export function renderNumber(value: number | bigint): string {
  const digits = String(value);
  return /^-?\d{5,}$/.test(digits) ? digits.replaceAll(/\B(?=(?:\d{3})+$)/g, '_') : digits;
}

/**
 * A value as the user gave it, for a message about what is wrong with it. Anything that could be the credentials of a
 * URL is left out: a value that is not valid may be a secret in the wrong place.
 */
export function renderGiven(value: unknown): string {
  const shown = isWhole(value)
    ? String(value)
    : JSON.stringify(value, (_, part) => (isWhole(part) ? String(part) : part));
  const safe = shown.replace(/:\/\/.*@/s, '://***@');
  return safe.length > SHOWN_LENGTH ? `${safe.slice(0, SHOWN_LENGTH)}…` : safe;
}

function isWhole(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}
