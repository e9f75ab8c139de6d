import { failure, textOf } from './replies.ts';

const READING = 'IDs cannot be read: use INCR or LC.NEXT to get a new one';
const WRITING =
  'a tag is no key, and its numbers are not set by clients: "leafcutter tag create" and "leafcutter import redis" make tags';
const EXPIRING =
  'a tag does not expire, and its IDs never repeat: for numbers that start again each day, use a dated tag';
const FALLING = 'IDs only rise, by whole numbers: use INCR and INCRBY';
const SCRIPTS = 'it runs no scripts: use INCR, INCRBY and LC.NEXT';
const SENDING = 'it publishes nothing';

/** Why commands are not here that applications send around INCR. */
const REASONS = new Map(
  (
    [
      [READING, 'get mget getrange strlen exists type ttl pttl keys scan dump object randomkey dbsize getex'],
      [WRITING, 'set setex psetex mset msetnx append setrange getset getdel del unlink rename copy restore'],
      [WRITING, 'flushdb flushall move hset hmset lpush rpush sadd zadd xadd'],
      [EXPIRING, 'expire pexpire expireat pexpireat persist expiretime pexpiretime'],
      [FALLING, 'decr decrby incrbyfloat hincrby hincrbyfloat zincrby'],
      [SCRIPTS, 'eval evalsha eval_ro evalsha_ro fcall fcall_ro script function'],
      [SENDING, 'subscribe psubscribe ssubscribe unsubscribe punsubscribe publish monitor'],
    ] as const
  ).flatMap(([reason, names]) => names.split(' ').map((name) => [name, reason] as const)),
);

/**
 * Refuses a command that Leafcutter does not have. The first word decides what clients make of it: `ERR` becomes `false`
 * in phpredis, as a number 0, and makes Redisson send a script again and again; `NOPERM` is an error, and final, to all.
 */
export function refuseForeign(name: string, args: readonly string[]): string {
  const reason = REASONS.get(name.toLowerCase());
  const shown = textOf(name).slice(0, 64);
  if (reason !== undefined) return failure(`NOPERM Leafcutter has no '${shown}' command: ${reason}`);
  const begun = args.slice(0, 16).map((arg) => `'${textOf(arg).slice(0, 64)}' `);
  return failure(`NOPERM unknown command '${shown}', with args beginning with: ${begun.join('')}`);
}
