import type { BufferView } from '@leafcutter/shared/wire';

/** A tag's buffer as `/v1/status` shows it. */
export type TagStatus = Readonly<BufferView>;
