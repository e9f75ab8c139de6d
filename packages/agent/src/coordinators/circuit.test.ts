import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { Circuit } from './circuit.ts';

function opened() {
  const clock = new FakeClock();
  const circuit = new Circuit(clock, 3, 1_000);
  for (let i = 0; i < 3; i++) {
    expect(circuit.tryPass()).toBe(true);
    circuit.failed();
  }
  return { clock, circuit };
}

describe('a circuit', () => {
  test('opens after three failures in a row', () => {
    const { circuit } = opened();
    expect(circuit.open).toBe(true);
    expect(circuit.tryPass()).toBe(false);
  });

  test('stays closed where a success came between the failures', () => {
    const circuit = new Circuit(new FakeClock(), 3, 1_000);
    for (let i = 0; i < 10; i++) {
      circuit.failed();
      circuit.failed();
      circuit.succeeded();
    }
    expect(circuit.tryPass()).toBe(true);
  });

  test('lets one call a second try while it is open, and nobody wait for it', async () => {
    const { clock, circuit } = opened();
    await clock.advance(999);
    expect(circuit.tryPass()).toBe(false);
    await clock.advance(1);
    expect([circuit.tryPass(), circuit.tryPass()]).toEqual([true, false]);
    await clock.advance(1_000);
    expect(circuit.tryPass()).toBe(true);
    circuit.failed();
    expect(circuit.tryPass()).toBe(false);
  });

  test('closes with the first success', async () => {
    const { clock, circuit } = opened();
    await clock.advance(1_000);
    circuit.tryPass();
    circuit.succeeded();
    expect(circuit.open).toBe(false);
    expect([circuit.tryPass(), circuit.tryPass()]).toEqual([true, true]);
  });

  test('does not care that the wall clock was set back by an hour', async () => {
    const { clock, circuit } = opened();
    clock.jump(-3_600_000);
    await clock.advance(1_000);
    expect(circuit.tryPass()).toBe(true);
  });
});
