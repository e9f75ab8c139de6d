import type { Setting } from './setting.ts';
import type { Settings, SettingTree } from './settings.ts';

/** The dotted keys of the settings that are marked as reloading. */
type LiveKey<T> = {
  [K in keyof T & string]: T[K] extends Setting<unknown, infer R>
    ? R extends true
      ? K
      : never
    : `${K}.${LiveKey<T[K]>}`;
}[keyof T & string];

/** The values of these settings, and of no others: what is not marked cannot be applied by mistake. */
export type LiveConfig<T> = {
  readonly [K in keyof T as LiveKey<Pick<T, K>> extends never ? never : K]: T[K] extends Setting<infer V>
    ? V
    : LiveConfig<T[K]>;
};

/** Takes a change over. @throws StartError if it cannot be used; then what was before goes on */
export type Applier<T> = (live: LiveConfig<T>) => void;

/** A setting that changed while the service ran, in words that hold no secret. */
export interface SettingChange {
  /** Its dotted key. */
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** What takes a change over, for each setting that is marked as reloading: one that is forgotten does not compile. */
export type Appliers<T> = { readonly [K in LiveKey<T>]: Applier<T> };

/** The same for all of them. */
export function applyAll<T extends SettingTree>({ byKey }: Settings<T>, apply: Applier<T>): Appliers<T> {
  const live = [...byKey].filter(([, { reloads }]) => reloads);
  return Object.fromEntries(live.map(([key]) => [key, apply])) as Appliers<T>;
}
