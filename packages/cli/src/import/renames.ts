import { UsageError } from '../io.ts';

/** `OLD=NEW`; a `*` in OLD stands for any text, which takes the place of the `*` in NEW. */
interface Rename {
  readonly text: string;
  readonly from: Pattern;
  readonly to: Pattern;
}

/** The text before the star and the one after it; undefined after a text without a star. */
type Pattern = readonly [head: string, tail: string | undefined];

/** What tags are called whose counters have another name in the other system. */
export class Renames {
  readonly #renames: readonly Rename[];
  readonly #unused: Set<string>;

  /** Names without a star go before patterns, and earlier patterns before later ones. @throws UsageError */
  constructor(texts: readonly string[]) {
    const renames = texts.map(parse);
    this.#renames = [...renames.filter(isExact), ...renames.filter((rename) => !isExact(rename))];
    this.#unused = new Set(texts);
  }

  /** The tag that the counter `name` becomes. */
  tagOf(name: string): string {
    for (const { text, from, to } of this.#renames) {
      const middle = matched(from, name);
      if (middle === undefined) continue;
      this.#unused.delete(text);
      return to[0] + (to[1] === undefined ? '' : middle + to[1]);
    }
    return name;
  }

  /** Those that fitted no counter so far. A misspelt one would leave a counter under a name that nobody asks for. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }
}

function parse(text: string): Rename {
  // Tags have no equals sign in their names; counters may.
  const at = text.lastIndexOf('=');
  const from = pattern(text.slice(0, Math.max(at, 0)));
  const to = pattern(text.slice(at + 1));
  const isClear = at > 0 && from !== undefined && to !== undefined && isStarred(from) === isStarred(to);
  if (!isClear) {
    throw new UsageError(
      `--rename must be OLD=NEW, with one * in both or in neither, as in 'shop.*=*'; it is "${text}".`,
    );
  }
  return { text, from, to };
}

function pattern(text: string): Pattern | undefined {
  const [head = '', tail, ...more] = text.split('*');
  return more.length > 0 ? undefined : [head, tail];
}

const isStarred = ([, tail]: Pattern) => tail !== undefined;
const isExact = ({ from }: Rename) => !isStarred(from);

/** What the star stands for; undefined if `name` does not fit. */
function matched([head, tail]: Pattern, name: string): string | undefined {
  if (tail === undefined) return name === head ? '' : undefined;
  const fits = name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
  return fits ? name.slice(head.length, name.length - tail.length) : undefined;
}
