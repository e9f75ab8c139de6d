/** Whether an entry can be read as a version and its key. A key of fewer characters could be guessed. */
export function isOpaqueKey(entry: string): boolean {
  return /^[0-9]=\S{32,}$/.test(entry);
}
