/** Where a server listens on this machine's file system. Immutable. */
export class UnixSocket {
  readonly path: string;
  /** Permission bits of the socket's file, for example 0o660: who may connect. */
  readonly mode: number;

  constructor(path: string, mode: number) {
    this.path = path;
    this.mode = mode;
    Object.freeze(this);
  }

  toString(): string {
    return `unix:${this.path}`;
  }
}
