import { useEffect, useState } from 'preact/hooks';
import { ApiError, json } from './api.ts';

interface Read<T> {
  readonly path: string;
  readonly data: T | undefined;
  readonly problem: string | undefined;
  /** Of the problem, if a service told it. */
  readonly code: string | undefined;
}

const NOTHING = { data: undefined, problem: undefined, code: undefined } as const;

/**
 * The document at `path`, read again every `everyMs` if that is given. If a later try fails, the last document stays.
 */
export function useDocument<T>(path: string | undefined, everyMs?: number): Omit<Read<T>, 'path'> {
  const [read, setRead] = useState<Read<T>>({ path: '', ...NOTHING });
  useEffect(() => {
    if (path === undefined) return;
    const leaving = new AbortController();
    let timer = 0;
    const load = async () => {
      try {
        const data = await json<T>(path, { signal: leaving.signal });
        setRead({ ...NOTHING, path, data });
      } catch (error) {
        if (leaving.signal.aborted) return;
        const { message: problem, code } =
          error instanceof ApiError ? error : { message: 'The answer makes no sense.', code: undefined };
        setRead((before) => ({ path, data: before.path === path ? before.data : undefined, problem, code }));
      }
      if (everyMs !== undefined) timer = window.setTimeout(() => void load(), everyMs);
    };
    void load();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return read.path === path ? read : NOTHING;
}
