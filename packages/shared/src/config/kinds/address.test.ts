import { describe, expect, test } from '@jest/globals';
import { Address } from './address.ts';

describe('an address', () => {
  test.each([
    ['127.0.0.1:8000', '127.0.0.1', 8000],
    ['[::1]:8000', '::1', 8000],
    ['agent-0.leaf_cutter.svc:0', 'agent-0.leaf_cutter.svc', 0],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
  ])('%s is read and written back the same', (text, host, port) => {
    const address = Address.parse(text);
    expect(address).toEqual({ host, port });
    expect(String(address)).toBe(text);
  });

  test.each([
    'abc',
    '8000',
    ':8000',
    'host:',
    'host:65536',
    'host:-1',
    'host:http',
    '::1:8000',
    '[::g]:8000',
    '[localhost]:8000',
    '127.0.0.300:80',
    '127.1:80',
    'http://host:80',
    'a b:80',
    'host:80/',
  ])('%s is none', (text) => {
    expect(Address.parse(text)).toBeUndefined();
  });

  test('is loopback only where surely no other machine reaches it', () => {
    const loopback = ['127.0.0.1:1', '127.8.8.8:1', 'localhost:1', '[::1]:1'];
    const open = ['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.example.com:1', 'localhost.example.com:1'];
    expect(loopback.map((text) => Address.parse(text)?.isLoopback)).toEqual(loopback.map(() => true));
    expect(open.map((text) => Address.parse(text)?.isLoopback)).toEqual(open.map(() => false));
  });

  test('cannot be changed', () => {
    expect(Object.isFrozen(new Address('::1', 1))).toBe(true);
  });
});
