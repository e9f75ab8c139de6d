import { ERROR_CODES, isErrorCode, LeafcutterError, toLeafcutterError } from '../errors.ts';

/** An RFC 9457 problem document as Leafcutter writes it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly reason?: string;
  readonly retryAfterMs?: number;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The document that answers `error`. Its `type` names the code, which `docs/errors.md` explains. */
export function toProblem(thrown: unknown): Problem {
  const error = toLeafcutterError(thrown);
  return {
    type: `urn:leafcutter:error:${error.code}`,
    title: ERROR_CODES[error.code].title,
    status: error.status,
    detail: error.message,
    code: error.code,
    retryable: error.retryable,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}

/** Reads a problem document that another Leafcutter process wrote; undefined if it is not one. */
export function fromProblem(document: unknown): LeafcutterError | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const { code, detail, reason, retryAfterMs } = document as Record<string, unknown>;
  if (!isErrorCode(code)) return undefined;
  return new LeafcutterError(code, typeof detail === 'string' ? detail : ERROR_CODES[code].title, {
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  });
}

/** When asking again makes sense, in milliseconds: a second later unless the error says. Undefined if never. */
export function retryAfterMs(error: LeafcutterError): number | undefined {
  return error.retryable ? (error.retryAfterMs ?? 1000) : undefined;
}

/** `Retry-After` in whole seconds, at least 1; only codes that are retryable have one. */
export function retryAfterSeconds(error: LeafcutterError): number | undefined {
  const afterMs = retryAfterMs(error);
  return afterMs === undefined ? undefined : Math.max(1, Math.ceil(afterMs / 1000));
}
