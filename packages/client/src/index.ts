export { type ConnectOptions, type ConnectTextsOptions, connect, connectTexts } from './connect.ts';
export { IdError } from './id-error.ts';
export type { Counts, Runway, WaitOptions } from './id-shapes.ts';
export type { IdRange, SnowflakeParts } from './id-source.ts';
export type { Ids } from './ids.ts';
export type { Texts } from './texts.ts';
