import { readFileSync } from 'node:fs';
import type { Redis, Result } from 'ioredis';

/** Every Lua script with its number of keys, if that is fixed. A test compares this list with the scripts' headers. */
export const REDIS_SCRIPTS = {
  raiseFences: { file: 'raise-fences.lua', keys: undefined },
  sweepFences: { file: 'sweep-fences.lua', keys: undefined },
  finishSweep: { file: 'finish-sweep.lua', keys: 1 },
  confirmFences: { file: 'confirm-fences.lua', keys: undefined },
  lowerFence: { file: 'lower-fence.lua', keys: 3 },
  introduce: { file: 'introduce.lua', keys: 1 },
  keepLease: { file: 'keep-lease.lua', keys: 1 },
  endLease: { file: 'end-lease.lua', keys: 1 },
  changeAgents: { file: 'change-agents.lua', keys: 7 },
  takeLocks: { file: 'take-locks.lua', keys: undefined },
  releaseLocks: { file: 'release-locks.lua', keys: undefined },
} as const;

type Field = string | number;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    raiseFences(keyCount: number, ...keysAndArgs: string[]): Result<string[], Context>;
    sweepFences(keyCount: number, ...keysAndArgs: string[]): Result<string[], Context>;
    finishSweep(
      identity: string,
      generation: string,
      before: number,
      number: number,
      ledgerFrom: number,
      ledgerNext: number,
    ): Result<number, Context>;
    confirmFences(keyCount: number, ...keysAndArgs: string[]): Result<number, Context>;
    lowerFence(
      key: string,
      identity: string,
      counters: string,
      before: string,
      after: string,
      generation: string,
      name: string,
    ): Result<string, Context>;
    introduce(
      identity: string,
      deploymentId: string,
      layout: string,
      keySchema: number,
      generation: string,
    ): Result<number, Context>;
    keepLease(
      key: string,
      instanceId: string,
      agentId: string,
      ttlMs: number,
      how: 'enter' | 'renew',
    ): Result<string, Context>;
    endLease(key: string, instanceId: string): Result<number, Context>;
    changeAgents(
      records: string,
      due: string,
      silent: string,
      troubled: string,
      places: string,
      sums: string,
      bytes: string,
      maxBytes: number,
      entryBytes: number,
      tagBytes: number,
      ...agentsAndTags: Field[]
    ): Result<string, Context>;
    takeLocks(keyCount: number, ...keysAndArgs: string[]): Result<string[], Context>;
    releaseLocks(keyCount: number, ...keysAndArgs: string[]): Result<string[], Context>;
  }
}

export function defineScripts(redis: Redis): void {
  for (const [name, { file, keys }] of Object.entries(REDIS_SCRIPTS)) {
    const lua = readFileSync(new URL(`./lua/${file}`, import.meta.url), 'utf8');
    redis.defineCommand(name, keys === undefined ? { lua } : { numberOfKeys: keys, lua });
  }
}
