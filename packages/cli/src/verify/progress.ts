import type { Io } from '../io.ts';

const WATCHED_MS = 250;
const LOGGED_MS = 5_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Reports progress until disposed: one line that changes if somebody watches, else a line every 5 s. */
export function showProgress({ err, watched }: Pick<Io, 'err' | 'watched'>, line: () => string): Disposable {
  const show = () => err(watched ? `${CLEAR_LINE}${line()}` : `${line()}\n`);
  const timer = setInterval(show, watched ? WATCHED_MS : LOGGED_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      if (watched) err(CLEAR_LINE);
    },
  };
}
