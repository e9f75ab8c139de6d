import { isIPv4, isIPv6 } from 'node:net';

const BRACKETED = /^\[(?<host>[^\]]+)\]:(?<port>\d{1,5})$/;
const PLAIN = /^(?<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):(?<port>\d{1,5})$/;

/** Where a server listens. Immutable. */
export class Address {
  /** A host name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 lets the operating system choose. */
  readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
    Object.freeze(this);
  }

  /** Reads `host:port` or `[::1]:port`; undefined when it is neither. */
  static parse(text: string): Address | undefined {
    const bracketed = BRACKETED.exec(text)?.groups;
    const { host = '', port = '' } = bracketed ?? PLAIN.exec(text)?.groups ?? {};
    if (host === '' || Number(port) > 65_535) return undefined;
    if (bracketed !== undefined ? !isIPv6(host) : isMistypedIPv4(host)) return undefined;
    return new Address(host, Number(port));
  }

  /** True if only this machine can reach it. In doubt false, because an open address needs a token. */
  get isLoopback(): boolean {
    return (
      this.host === 'localhost' || this.host === '::1' || (isIPv4(this.host) && this.host.startsWith('127.'))
    );
  }

  /** The form that {@link Address.parse} reads. */
  toString(): string {
    return isIPv6(this.host) ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }
}

/** Digits and dots alone are meant as an IP address: `127.0.0.300` is not a host name. */
function isMistypedIPv4(host: string): boolean {
  return /^[\d.]+$/.test(host) && !isIPv4(host);
}
