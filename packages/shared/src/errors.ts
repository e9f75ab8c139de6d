/** The gRPC statuses that are used (source: grpc.io, status codes). */
type GrpcStatus =
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'INTERNAL'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAUTHENTICATED'
  | 'UNAVAILABLE'
  | 'UNIMPLEMENTED';

/** How a code is answered, and whether asking again without a change can succeed. */
interface CodeFacts {
  /** HTTP status of the problem document. */
  readonly status: number;
  /** Name of the gRPC status. */
  readonly grpc: GrpcStatus;
  /** True if the same request may succeed later without anyone changing it. */
  readonly retryable: boolean;
  /** One short human title, the same for every occurrence (RFC 9457 `title`). */
  readonly title: string;
}

/**
 * Every code that leaves a Leafcutter process, with its answer. `docs/errors.md` gives cause and cure of each; a test
 * compares the two lists.
 */
export const ERROR_CODES = {
  BAD_REQUEST: { status: 400, grpc: 'INVALID_ARGUMENT', retryable: false, title: 'The request is not valid' },
  UNAUTHORIZED: {
    status: 401,
    grpc: 'UNAUTHENTICATED',
    retryable: false,
    title: 'A valid token is required',
  },
  FORBIDDEN: {
    status: 403,
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    title: 'The token does not allow this',
  },
  NOT_FOUND: { status: 404, grpc: 'NOT_FOUND', retryable: false, title: 'There is nothing at this address' },
  TAG_UNKNOWN: { status: 404, grpc: 'NOT_FOUND', retryable: false, title: 'The tag does not exist' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    title: 'The method is not allowed here',
  },
  TAG_EXHAUSTED: {
    status: 409,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The tag has reached its highest ID',
  },
  TAG_EXISTS: { status: 409, grpc: 'ALREADY_EXISTS', retryable: false, title: 'The tag already exists' },
  LAYOUT_MISMATCH: {
    status: 409,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'Layouts or deployments differ',
  },
  VERSION_UNSUPPORTED: {
    status: 409,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The releases are too far apart',
  },
  TAG_RETIRED: { status: 410, grpc: 'FAILED_PRECONDITION', retryable: false, title: 'The tag is retired' },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    title: 'The body is too large',
  },
  RATE_LIMITED: {
    status: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    title: 'Too many requests are waiting',
  },
  INTERNAL: { status: 500, grpc: 'INTERNAL', retryable: false, title: 'An unexpected error' },
  SEGMENTS_EXHAUSTED: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'No IDs of this tag are left in memory',
  },
  COORDINATOR_UNAVAILABLE: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'No coordinator answered',
  },
  STORE_UNAVAILABLE: { status: 503, grpc: 'UNAVAILABLE', retryable: true, title: 'A store did not answer' },
  MACHINE_IDS_EXHAUSTED: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'No machine id is free',
  },
  LEASE_LOST: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The agent holds no window of time',
  },
  CLOCK_BACKWARDS: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'The clock is behind the last ID',
  },
  CLOCK_SKEWED: { status: 503, grpc: 'UNAVAILABLE', retryable: true, title: 'The clocks differ too much' },
  TIMESTAMP_EXHAUSTED: {
    status: 503,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'The timestamp bits are used up',
  },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  /** A stable word that narrows the code, for example `window_used_up`. */
  readonly reason?: string;
  /** After how many milliseconds asking again makes sense; becomes `Retry-After` (whole seconds, at least 1). */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error type. `message` is a sentence that says what to do; it never holds a secret or a stack. */
export class LeafcutterError extends Error {
  override readonly name = 'LeafcutterError';
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}

/** True when `error` is a LeafcutterError with one of `codes`. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is LeafcutterError {
  return error instanceof LeafcutterError && codes.includes(error.code);
}

/**
 * Turns anything thrown into a LeafcutterError; another kind of error becomes `INTERNAL`, with the cause kept for the
 * log.
 */
export function toLeafcutterError(error: unknown): LeafcutterError {
  if (error instanceof LeafcutterError) return error;
  return new LeafcutterError('INTERNAL', 'Something unexpected happened; the service log has the cause.', {
    cause: error,
  });
}
