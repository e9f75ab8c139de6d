import { z } from 'zod';
import { ASKABLE_TAG, isAskableTag } from '../../tag.ts';
import { badParameter, wholeNumber } from './query.ts';

/** A parameter of a path or a query: how the API's document tells it, and how its text is read. */
export interface Parameter<Value> {
  readonly schema: z.ZodType;
  /** @throws BAD_REQUEST naming the parameter */
  readonly read: (name: string, text: string) => Value;
}

/** A whole number, `min` to `max`. */
export function numberFrom(min: number, max: number): Parameter<number> {
  return {
    schema: z.int().min(min).max(max),
    read: (name, text) => wholeNumber(name, text, min, max),
  };
}

/** One of `choices`. */
export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Parameter<Choice> {
  return {
    schema: z.enum(choices),
    read(name, text) {
      const chosen = choices.find((choice) => choice === text);
      if (chosen !== undefined) return chosen;
      const [last, ...others] = choices.toReversed();
      const listed = others.length === 0 ? last : `${others.toReversed().join(', ')} or ${last}`;
      throw badParameter(name, `must be ${listed}`);
    },
  };
}

/** A text that the handler judges; `schema` tells what it takes. */
export function textLike(schema: z.ZodType<string>): Parameter<string> {
  return { schema, read: (_name, text) => text };
}

/** The name of a tag; whether there is one is not asked here. */
export const askableTag: Parameter<string> = {
  schema: z.string().regex(ASKABLE_TAG),
  read(name, text) {
    if (isAskableTag(text)) return text;
    throw badParameter(name, 'must have 1 to 128 characters, none of them a control character');
  },
};
