import { expect, test } from '@jest/globals';
import { ERROR_CODES, type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { doorAgent } from '../../fakes/door-agent.ts';
import type { Dispenser } from '../dispenser.ts';
import { Calls } from './calls.ts';

const calls = new Calls(doorAgent().agent, { refused: () => undefined } as unknown as Dispenser);

test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
  '%s says when to ask again if, and only if, that makes sense',
  (code) => {
    const call = { getPath: () => '/' } as Parameters<Calls['failed']>[1];
    const { metadata } = calls.failed(new LeafcutterError(code, 'no'), call);
    const [details] = metadata.get('grpc-status-details-bin');
    expect(details?.toString('latin1').includes('google.rpc.RetryInfo')).toBe(ERROR_CODES[code].retryable);
  },
);
