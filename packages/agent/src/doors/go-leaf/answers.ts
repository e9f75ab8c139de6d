import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { ExactId } from '../../domain/segments/segment-buffer.ts';

/** Of JSON, as Go guesses it. */
export const GO_LEAF_TYPE = 'text/plain; charset=utf-8';

/** Written by hand: the ID is a JSON number in full digits, which no JavaScript number may hold. */
export function goLeafBody(errno: number, msg: string, id: ExactId): string {
  return `{"errno":${errno},"msg":${JSON.stringify(msg)},"id":${id}}`;
}

/** go-leaf says what is wrong with a parameter; every other failure is `no available id`. */
export function goLeafFailure(error: LeafcutterError): string {
  const said = error.reason === 'biz_tag' || error.reason === 'machineid' || error.code === 'UNAUTHORIZED';
  return goLeafBody(-1, said ? error.message : 'no available id', 0n);
}

/** 0 to 1023, as go-leaf takes them. */
export function isMachineId(text: string): boolean {
  return /^[0-9]{1,4}$/.test(text) && Number(text) <= 1_023;
}
