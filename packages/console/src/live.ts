import { createParser } from 'eventsource-parser';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, request } from './api.ts';

/**
 * - connecting: nothing has come yet.
 * - live: events come.
 * - lost: they stopped; the last one is shown and another try is under way.
 * - refused: a token is needed, or another one; left by signing in.
 */
export type LiveState = 'connecting' | 'live' | 'lost' | 'refused';

export interface Live<T> {
  readonly data: T | undefined;
  readonly state: LiveState;
  readonly problem: string | undefined;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;
/** Events come each second or two. After this long without one the connection is dead, whatever it says. */
const SILENT_MS = 10_000;

/**
 * The newest event of a stream. A hidden page closes its stream, because nobody looks. EventSource cannot send a
 * token, so the stream is read with fetch.
 */
export function useLive<T extends object>(path: string, signedInAs: string | null): Live<T> {
  const [live, setLive] = useState<Live<T>>({ data: undefined, state: 'connecting', problem: undefined });
  // Another token means another stream.
  useEffect(() => {
    setLive({ data: undefined, state: 'connecting', problem: undefined });
    let leaving = new AbortController();
    let isOver = false;
    let retryMs = FIRST_RETRY_MS;
    let retryTimer = 0;
    const connect = async () => {
      const ours = new AbortController();
      leaving = ours;
      try {
        await read<T>(path, ours, (data) => {
          retryMs = FIRST_RETRY_MS;
          setLive({ data, state: 'live', problem: undefined });
        });
        throw new ApiError('UNREACHABLE', 'The service ended the connection.');
      } catch (error) {
        if (isOver || document.hidden || ours !== leaving) return;
        const { code, message } =
          error instanceof ApiError ? error : new ApiError('UNREACHABLE', 'The connection broke.');
        const isRefused = code === 'UNAUTHORIZED' || code === 'FORBIDDEN';
        setLive(({ data }) => ({ data, state: isRefused ? 'refused' : 'lost', problem: message }));
        if (isRefused) return;
        retryTimer = window.setTimeout(() => void connect(), retryMs);
        retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
      }
    };
    const lookOrNot = () => {
      clearTimeout(retryTimer);
      leaving.abort();
      if (!document.hidden) void connect();
    };
    document.addEventListener('visibilitychange', lookOrNot);
    void connect();
    return () => {
      isOver = true;
      document.removeEventListener('visibilitychange', lookOrNot);
      clearTimeout(retryTimer);
      leaving.abort();
    };
  }, [path, signedInAs]);
  return live;
}

/** True if nothing newer than what was read at `timeMs` came for so long. */
export function useSilence(timeMs: number, forMs: number): boolean {
  const [silentAfter, setSilentAfter] = useState<number>();
  useEffect(() => {
    const timer = window.setTimeout(() => setSilentAfter(timeMs), forMs);
    return () => clearTimeout(timer);
  }, [timeMs, forMs]);
  return silentAfter === timeMs;
}

async function read<T extends object>(
  path: string,
  leaving: AbortController,
  take: (data: T) => void,
): Promise<void> {
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => leaving.abort(), SILENT_MS);
  };
  try {
    const response = await request(path, { signal: leaving.signal });
    const parser = createParser({ onEvent: ({ data }) => take(JSON.parse(data) as T) });
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    heard();
    for (let part = await text?.read(); part?.done === false; part = await text?.read()) {
      heard();
      parser.feed(part.value);
    }
  } finally {
    clearTimeout(silence);
  }
}
