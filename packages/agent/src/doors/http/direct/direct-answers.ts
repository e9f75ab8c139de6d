import { COMMON_HEADERS } from '@leafcutter/shared/http/common-headers';
import { KEEP_ALIVE_MS } from '@leafcutter/shared/http/listen';
import { STATUS_CODES } from '@leafcutter/shared/http/node-http';
import type { ProblemAnswer } from '@leafcutter/shared/http/problem-answer';
import type { ExactId } from '../../../domain/segments/segment-buffer.ts';

/** How a door writes an ID. */
export interface IdFormat {
  /** The whole answer up to the number of Content-Length. */
  readonly lead: string;
  /** ASCII. */
  readonly body: (id: ExactId | string) => string;
}

/** An answer with 200 up to the number of Content-Length, with the fields that every answer of a service has. */
export function okLead(contentType: string): string {
  return lead(200, { 'Content-Type': contentType });
}

/** Writes whole answers as `node:http` would write those of the ordinary server. */
export class DirectAnswers {
  readonly #now: () => number;
  #second = Number.NaN;
  #keep = '';
  #close = '';

  /** `now`: wall clock, unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  one(format: IdFormat, id: ExactId | string, keepAlive: boolean): string {
    const body = format.body(id);
    return `${format.lead}${body.length}${this.#tail(keepAlive)}${body}`;
  }

  refusal({ status, contentType, headers, body }: ProblemAnswer, keepAlive: boolean): string {
    const begin = lead(status, { ...headers, 'Content-Type': contentType });
    return `${begin}${Buffer.byteLength(body)}${this.#tail(keepAlive)}${body}`;
  }

  /** What follows Content-Length: the date, made once a second, and whether the connection goes on. */
  #tail(keepAlive: boolean): string {
    const now = this.#now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      const date = `\r\nDate: ${new Date(now).toUTCString()}\r\nConnection: `;
      this.#keep = `${date}keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1_000}\r\n\r\n`;
      this.#close = `${date}close\r\n\r\n`;
    }
    return keepAlive ? this.#keep : this.#close;
  }
}

function lead(status: number, headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries({ ...COMMON_HEADERS, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}Content-Length: `;
}
