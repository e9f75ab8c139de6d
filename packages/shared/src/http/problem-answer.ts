import type { LeafcutterError } from '../errors.ts';
import { PROBLEM_MEDIA_TYPE, retryAfterSeconds, toProblem } from '../wire/problem.ts';

/** An answer that refuses, ready to be written. */
export interface ProblemAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Besides Content-Type. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The problem document of `error` with the header fields that belong to it. */
export function problemAnswer(error: LeafcutterError): ProblemAnswer {
  const retryAfter = retryAfterSeconds(error);
  return {
    status: error.status,
    contentType: `${PROBLEM_MEDIA_TYPE}; charset=utf-8`,
    headers: {
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      ...(error.code === 'UNAUTHORIZED' ? { 'WWW-Authenticate': 'Bearer' } : {}),
      // The body was not read to its end, so the connection cannot carry another request.
      ...(error.code === 'PAYLOAD_TOO_LARGE' ? { Connection: 'close' } : {}),
    },
    body: JSON.stringify(toProblem(error)),
  };
}
