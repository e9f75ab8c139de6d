export { type ConnectOptions, connect } from './connect.ts';
export { IdError } from './id-error.ts';
export type { IdRange, SnowflakeParts } from './id-source.ts';
export type { Counts, Ids, Runway, WaitOptions } from './ids.ts';
