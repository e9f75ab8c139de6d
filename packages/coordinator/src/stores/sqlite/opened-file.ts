import { statSync } from 'node:fs';
import { LeafcutterError } from '@leafcutter/shared/errors';

/** The file that was opened, as its name leads to it. */
export interface OpenFile {
  /** @throws STORE_UNAVAILABLE with reason `file_gone` if the name leads to another file by now, or to none */
  check(): void;
}

/**
 * A file that was deleted or moved can still be written to, and all of it is lost at the next start, which makes an empty one: what
 * was handed out meanwhile would be handed out again (I1). If it cannot be looked at, nothing is known against it.
 */
export function openedFile(file: string): OpenFile {
  const opened = lookAt(file);
  return {
    check() {
      const now = lookAt(file);
      if (opened === 'unknown' || now === 'unknown' || now === opened) return;
      throw new LeafcutterError(
        'STORE_UNAVAILABLE',
        `${file} is no longer the file that this coordinator opened: it was moved, deleted or replaced. Put it back.`,
        { reason: 'file_gone' },
      );
    },
  };
}

/** Which file it is: the same text for the same file. */
function lookAt(file: string): string {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev} ${ino}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unknown';
  }
}
