import { badParameter } from '@leafcutter/shared/http/query';
import { MAX_COUNT } from '@leafcutter/shared/tag';

/** How many IDs are asked for. A count that is not set reads 0 and means one. @throws BAD_REQUEST */
export function readCount(count: number): number {
  if (count > MAX_COUNT) throw badParameter('count', `must be a whole number from 1 to ${MAX_COUNT}`);
  return count === 0 ? 1 : count;
}
