import { expect, test } from '@jest/globals';
import { FakeClock } from '../clock/fake-clock.ts';
import { LogOutput } from './log-output.ts';

/** A place that takes `room` bytes, and then fails with `code`. */
function place(room: number, code = 'ENOSPC') {
  const clock = new FakeClock();
  const state = { room, text: '', calls: 0 };
  const output = new LogOutput((bytes) => {
    state.calls += 1;
    const taken = bytes.subarray(0, state.room);
    if (taken.length === 0) throw Object.assign(new Error(code), { code });
    state.room -= taken.length;
    state.text += Buffer.from(taken).toString();
    return taken.length;
  }, clock);
  const told: string[] = [];
  output.onDropped = (lines, reason) => void told.push(`${lines} ${reason}`);
  return { clock, state, output, told };
}

const KIB = `${'x'.repeat(1_023)}\n`;

test('lines are written at once', () => {
  const { output, state, clock } = place(100);
  output.write('one\n');
  output.write('two\n');
  expect(state.text).toBe('one\ntwo\n');
  expect(clock.pending).toBe(0);
});

test('a place that is full throws at nobody, and what waited comes whole and in order once it has room', async () => {
  const { output, state, clock, told } = place(6);
  for (const line of ['one\n', 'two\n', 'three\n']) output.write(line);
  expect(state.text).toBe('one\ntw');
  state.room = 100;
  await clock.advance(100);
  expect(state.text).toBe('one\ntwo\nthree\n');
  expect([told, clock.pending]).toEqual([[], 0]);
});

test('past a mebibyte that waits, lines are dropped, counted, and told once there is room', async () => {
  const { output, state, clock, told } = place(0, 'EAGAIN');
  for (let line = 0; line < 1_500; line++) output.write(KIB);
  await clock.advance(60_000);
  expect([output.dropped, told]).toEqual([476, []]);
  state.room = Number.MAX_SAFE_INTEGER;
  await clock.advance(100);
  expect([state.text.length, told]).toEqual([1_024 * 1_024, ['476 EAGAIN']]);
  output.write(KIB);
  expect([output.dropped, told.length]).toEqual([476, 1]);
});

test('a place that refuses is asked ten times a second, however many lines there are', async () => {
  const { output, state, clock } = place(0);
  for (let line = 0; line < 1_000; line++) output.write('line\n');
  await clock.advance(1_000);
  expect(state.calls).toBe(11);
});

test('the end waits for what is slow, and not for what never takes anything', async () => {
  const slow = place(0);
  slow.output.write('last\n');
  const ended = slow.output.end(1_000);
  slow.state.room = 100;
  await slow.clock.advance(100);
  await ended;
  expect(slow.state.text).toBe('last\n');

  const never = place(0);
  never.output.write('last\n');
  const over = never.output.end(1_000);
  await never.clock.advance(1_000);
  await over;
  expect(never.state.text).toBe('');
});
