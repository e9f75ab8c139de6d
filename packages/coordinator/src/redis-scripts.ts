import { readFileSync } from 'node:fs';
import type { Redis, Result } from 'ioredis';

/** Every Lua script with its number of keys; a test holds this list against the scripts' own headers. */
export const REDIS_SCRIPTS = {
  raiseFence: { file: 'raise-fence.lua', keys: 1 },
  renewLease: { file: 'renew-lease.lua', keys: 1 },
  endLease: { file: 'end-lease.lua', keys: 1 },
  releaseLock: { file: 'release-lock.lua', keys: 1 },
} as const;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    raiseFence(key: string, start: string, end: string): Result<string, Context>;
    renewLease(key: string, instanceId: string, agentId: string, ttlMs: number): Result<number, Context>;
    endLease(key: string, instanceId: string): Result<number, Context>;
    releaseLock(key: string, token: string): Result<number, Context>;
  }
}

export function defineScripts(redis: Redis): void {
  for (const [name, { file, keys }] of Object.entries(REDIS_SCRIPTS)) {
    const lua = readFileSync(new URL(`./lua/${file}`, import.meta.url), 'utf8');
    redis.defineCommand(name, { numberOfKeys: keys, lua });
  }
}
