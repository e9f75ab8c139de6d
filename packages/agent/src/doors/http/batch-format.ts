import { prefersJson } from './accept.ts';

/** How a batch of IDs is written, slice by slice. */
export interface BatchFormat {
  readonly type: string;
  readonly slice: (texts: readonly string[]) => string;
  /** The answer's body, of the slices. */
  readonly all: (slices: readonly string[]) => string;
}

const TEXT: BatchFormat = {
  type: 'text/plain; charset=utf-8',
  slice: (texts) => texts.join('\n'),
  all: (slices) => `${slices.join('\n')}\n`,
};
const JSON_TEXT: BatchFormat = {
  type: 'application/json; charset=utf-8',
  slice: (texts) => JSON.stringify(texts).slice(1, -1),
  all: (slices) => `{"ids":[${slices.join(',')}]}`,
};

/** The format that a client with this `Accept` would rather have. */
export function batchFormat(accept: string | undefined): BatchFormat {
  return prefersJson(accept) ? JSON_TEXT : TEXT;
}
