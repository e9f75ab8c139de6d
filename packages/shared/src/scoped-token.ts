/** Whether an entry of scoped tokens can be read: names, and a token after them. */
export function isScopedToken(entry: string): boolean {
  return /^\S+(\s+\S+)+$/.test(entry);
}
