import { expect, test } from '@jest/globals';
import { visible } from '../visible.ts';
import { createLogger } from './logger.ts';

function logged(error: unknown): { text: string; err: Record<string, unknown> } {
  const lines: string[] = [];
  const log = createLogger('debug', { service: 'test' }, { write: (line) => void lines.push(line) });
  log.warn({ err: error }, 'failed');
  const text = lines.join('');
  return { text, err: (JSON.parse(text) as { err: Record<string, unknown> }).err };
}

test('an error is told with its type, message, code, stack and causes', () => {
  const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
  const { err } = logged(new TypeError('no answer', { cause }));
  expect(err).toMatchObject({ type: 'TypeError', message: 'no answer', cause: { code: 'ECONNREFUSED' } });
  expect(String(err.stack)).toContain('logger.test');
});

test('the command that a driver hangs on its error is not told, whose arguments may be a password', () => {
  const reply = Object.assign(new Error('WRONGPASS'), {
    command: { name: 'auth', args: ['default', 'hunter2'] },
  });
  expect(logged(new Error('away', { cause: reply })).text).not.toContain('hunter2');
});

test('causes that lead in a circle end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(logged(error).text.length).toBeLessThan(20_000);
});

test('what a terminal would obey is written out, in lines that stay the same JSON', () => {
  const tag = 'a\u001b[2K\u009b\u202eb\nc';
  const { text, err } = logged(new Error(tag));
  expect(visible(text.trimEnd())).toBe(text.trimEnd());
  expect(err.message).toBe(tag);
});
