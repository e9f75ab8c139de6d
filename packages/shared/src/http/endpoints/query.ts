import { LeafcutterError } from '../../errors.ts';

/**
 * The query parameters of a request: each known, each given once.
 * @throws BAD_REQUEST naming the parameter
 */
export function readQuery<Name extends string>(
  request: { readonly query: object },
  known: readonly Name[],
): Partial<Record<Name, string>> {
  const query: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(request.query)) {
    const parameter = known.find((candidate) => candidate === name);
    if (parameter === undefined) {
      const knows = known.length === 0 ? 'this address takes none' : `this address takes ${known.join(', ')}`;
      throw badParameter(name, `is not a known parameter; ${knows}`);
    }
    if (typeof value !== 'string') throw badParameter(name, 'is set more than once');
    query[parameter] = value;
  }
  return query;
}

/**
 * A whole number in plain digits, `min` to `max`.
 * @throws BAD_REQUEST naming the parameter
 */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw badParameter(name, `must be a whole number from ${min} to ${max}`);
}

export function badParameter(name: string, problem: string): LeafcutterError {
  // What a client sent is quoted, but only up to a bound.
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return new LeafcutterError('BAD_REQUEST', `${shown} ${problem}.`, { reason: shown });
}
