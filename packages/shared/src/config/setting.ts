import type { z } from 'zod';

/** What a kind knows about the values it accepts. */
interface Accepts<T> {
  /**
   * Turns a value as given into the value used. It sees text (flags, variables), and what YAML makes of a
   * file: text, booleans, lists, fractions as numbers and whole numbers as bigints.
   */
  readonly schema: z.ZodType<T>;
  /** Ends the sentence "takes …": `an address as host:port`. */
  readonly takes: string;
  /** Stands for the value in `--help`: `host:port`. */
  readonly placeholder: string;
  /** Needs no value on the command line: `--x` is true, `--no-x` is false. */
  readonly isFlag?: boolean;
  /** Is a secret whatever the options say. */
  readonly isSecret?: boolean;
  /** Names a file whose content is what counts. */
  readonly isFile?: boolean;
  /** What may be told of a secret. A method, so that a setting of one type is one of any. */
  toTell?(value: T): string;
}

/** Whether a change counts without a restart. It is in the type, too: a service must apply what is marked. */
type Mark = true | undefined;

/** What every setting says, whatever its kind. */
export interface SettingText<Reloads extends Mark = Mark> {
  /** One line for `--help` and docs/configuration.md, ending in a full stop. */
  readonly doc: string;
  /** A change counts without a restart; of a `file`, a change of what stands in it. */
  readonly reloads?: Reloads;
}

interface AnyOptions<Reloads extends Mark> extends SettingText<Reloads> {
  readonly unit?: string;
  readonly secret?: boolean;
  readonly required?: true;
  readonly default?: unknown;
}

/** One setting: what it accepts, what it is when nobody sets it, and how it is explained. */
export class Setting<T, Reloads extends Mark = Mark> implements Accepts<T> {
  readonly schema: z.ZodType<T>;
  readonly takes: string;
  readonly placeholder: string;
  readonly isFlag: boolean;
  readonly isFile: boolean;
  toTell?(value: T): string;
  readonly doc: string;
  /** `ms`, `s`, `ids`; shown beside the default. */
  readonly unit: string | undefined;
  /** True when the value must never be shown. */
  readonly isSecret: boolean;
  /** True when it must be given. */
  readonly isRequired: boolean;
  /** True if a change counts without a restart. */
  readonly reloads: Reloads;
  /** The value when nobody sets it; undefined for what is required or optional. */
  readonly default: T | undefined;

  /** Throws when the default is not a value that the setting takes. */
  constructor(accepts: Accepts<T>, options: AnyOptions<Reloads>) {
    this.schema = accepts.schema;
    this.takes = accepts.takes;
    this.placeholder = accepts.placeholder;
    this.isFlag = accepts.isFlag ?? false;
    this.isFile = accepts.isFile ?? false;
    if (accepts.toTell !== undefined) this.toTell = accepts.toTell;
    this.isSecret = accepts.isSecret ?? options.secret ?? false;
    this.doc = options.doc;
    this.unit = options.unit;
    this.isRequired = options.required ?? false;
    // Left out means undefined, which an optional key cannot say of its type.
    this.reloads = options.reloads as Reloads;
    this.default = options.default === undefined ? undefined : accepts.schema.parse(options.default);
  }
}

/** How a default is written: plain values as they are, addresses and ranges as text. */
type Written<T> = [T] extends [string | number | bigint | boolean] ? T : string;

/**
 * Makes settings of one kind. Each has a default, is `optional` (undefined when not set) or is `required`. Its mark is
 * inferred from the options alone (`NoInfer`): the tree that it stands in takes either.
 */
interface Kind<Options, T> {
  <R extends Mark = undefined>(
    options: Options & SettingText<R> & { readonly optional: true },
  ): Setting<T | undefined, NoInfer<R>>;
  <R extends Mark = undefined>(
    options: Options & SettingText<R> & { readonly required: true },
  ): Setting<T, NoInfer<R>>;
  <R extends Mark = undefined>(
    options: Options & SettingText<R> & { readonly default: Written<T> },
  ): Setting<T, NoInfer<R>>;
}

/** A kind from what it accepts; the options of its settings and their type are inferred. */
export function kind<Options, T>(accepts: (options: Options) => Accepts<T>): Kind<Options, T> {
  return <R extends Mark>(options: Options & SettingText<R>) => new Setting<T, R>(accepts(options), options);
}

/** Makes settings that are lists: nothing set is the empty list. */
type ListKind<Options> = <R extends Mark = undefined>(
  options: Options &
    SettingText<R> &
    ({ readonly default?: readonly string[] } | { readonly required: true }),
) => Setting<readonly string[], NoInfer<R>>;

/** A kind of list from what it accepts. */
export function listKind<Options>(
  accepts: (options: Options) => Accepts<readonly string[]>,
): ListKind<Options> {
  return (options) =>
    new Setting(accepts(options), 'required' in options ? options : { default: [], ...options });
}
