import { describe, expect, test } from '@jest/globals';
import type { IdSource } from './id-source.ts';
import { Texts } from './texts.ts';

/** An agent that writes its numbers as …, and answers when the test says so. */
function opened(maxOpen = 10) {
  let last = 0;
  const held: (() => void)[] = [];
  const source = {
    closed: false,
    texts: async (_tag: string, count: number) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return Array.from({ length: count }, () => `A-${++last}`);
    },
    close() {
      this.closed = true;
    },
  };
  const texts = new Texts(source as unknown as IdSource, 'orders', maxOpen);
  const answerAll = () => {
    for (const answer of held.splice(0)) answer();
  };
  return { texts, source, answerAll };
}

describe('texts of a tag', () => {
  test('come as the agent writes them, one or many', async () => {
    const { texts, answerAll } = opened();
    const [one, many] = [texts.next(), texts.batch(3)];
    answerAll();
    expect(await one).toBe('A-1');
    expect(await many).toEqual(['A-2', 'A-3', 'A-4']);
  });

  test('are refused to more calls at once than may be, and given again when some have ended', async () => {
    const { texts, answerAll } = opened(2);
    const both = [texts.next(), texts.next()];
    await expect(texts.next()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    answerAll();
    await Promise.all(both);
    const next = texts.next();
    answerAll();
    expect(await next).toBe('A-3');
  });

  test.each([0, -1, 1.5, 10_001, Number.NaN])('are refused in a batch of %s', async (count) => {
    await expect(opened().texts.batch(count)).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'count' });
  });

  test('are not asked for by a caller who has left, nor after close, which closes the door once', async () => {
    const { texts, source } = opened();
    await expect(texts.next({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    await texts[Symbol.asyncDispose]();
    texts.close();
    expect(source.closed).toBe(true);
    await expect(texts.next()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
