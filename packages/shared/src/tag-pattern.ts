/** Most stars that one pattern may have. */
export const MAX_STARS = 8;

/** How many stars a pattern has. */
export function starsIn(pattern: string): number {
  return pattern.split('*').length - 1;
}

/**
 * Tells whether a tag fits `pattern`, in which `*` stands for any characters, or for none. Each piece between two
 * stars is looked for once, from where the one before it ended. Its first place leaves the most to the pieces that
 * follow, so nothing is ever tried again. (A regular expression would try all places.)
 */
export function fits(pattern: string): (tag: string) => boolean {
  const [head = '', ...pieces] = pattern.split('*');
  const tail = pieces.pop();
  if (tail === undefined) return (tag) => tag === pattern;
  return (tag) => {
    if (!tag.startsWith(head)) return false;
    let at = head.length;
    for (const piece of pieces) {
      const found = tag.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return tag.length - tail.length >= at && tag.endsWith(tail);
  };
}
