/** Calls of the service that served this page. */

const TOKEN = 'leafcutter-token';

/** Where a service tells whether it is ready, and of what it depends on. */
export const READINESS = 'readyz';

/** The token that this tab was given; it is kept until the tab is closed. */
export const token = {
  get: (): string | null => sessionStorage.getItem(TOKEN),
  set: (value: string): void => sessionStorage.setItem(TOKEN, value),
  clear: (): void => sessionStorage.removeItem(TOKEN),
};

/** An error answer of a service: its problem document in short. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Sends a request and returns the answer as it comes. @throws ApiError */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const held = token.get();
  const headers = new Headers(init.headers);
  if (held !== null) headers.set('authorization', `Bearer ${held}`);
  if (init.body != null) headers.set('content-type', 'application/json');
  // Relative to the page, which a proxy may serve below a path.
  const url = new URL(path, document.baseURI);
  const response = await fetch(url, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError('UNREACHABLE', 'The service does not answer. Is it running?');
  });
  // A service that is not ready says in the same document why.
  if (response.ok || (path === READINESS && response.status === 503)) return response;
  const problem = (await response.json().catch(() => undefined)) as
    | { code?: string; detail?: string; title?: string }
    | undefined;
  throw new ApiError(
    problem?.code ?? 'INTERNAL',
    problem?.detail ?? problem?.title ?? `The service answered ${response.status}.`,
  );
}

/** The JSON document at `path`. @throws ApiError */
export async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}
