#!/usr/bin/env bash
# A script in Redis loses the last digits of a number from 10^14 on, two digits before JavaScript's 2^53, depending on how it is written.
#
# Guess: Lua's numbers are doubles, so a script is exact for each integer up to 2^53 and wrong only above.
# What was seen: as an argument of redis.call and as the script's reply they are exact to 2^53. tostring, `..` and cjson.encode
#   write 14 digits, in silence: of a key made of a prefix and an ID, of JSON that is decoded and encoded again. string.format('%.0f') is exact.
# Seen with redis-server 7.0.15 (Debian 12), 2026-11-30, for 123456789012345 and 123456789012346:
#   argument: 123456789012345 123456789012346
#   reply: 123456789012345 123456789012346
#   tostring: 1.2345678901234e+14 1.2345678901235e+14
#   'id:' ..: id:1.2345678901234e+14 id:1.2345678901235e+14
#   JSON again: {"id":1.2345678901234e+14} {"id":1.2345678901235e+14}
#   %.0f: 123456789012345 123456789012346
#   of 1000 IDs from 2^53 - 1000 on, `'id:' .. id` makes 11 keys
# Why it matters here: the 53-bit layout is chosen so that IDs survive doubles. In a script ninety of them share one key.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
both() { echo "$1: $(for id in 123456789012345 123456789012346; do redis-cli -p $port eval "local id = tonumber(ARGV[1]) $2" 0 $id; done | xargs -d '\n')"; }
{
  both argument "redis.call('SET', 'k', id) return redis.call('GET', 'k')"
  both reply 'return id'
  both tostring 'return tostring(id)'
  both "'id:' .." "return 'id:' .. id"
  both 'JSON again' "return cjson.encode(cjson.decode('{\"id\":' .. ARGV[1] .. '}'))"
  both '%.0f' "return string.format('%.0f', id)"
  redis-cli -p $port flushall >/dev/null
  redis-cli -p $port eval "for id = 2^53 - 1000, 2^53 - 1 do redis.call('SET', 'id:' .. id, 1) end" 0 >/dev/null
  echo "of 1000 IDs from 2^53 - 1000 on, \`'id:' .. id\` makes $(redis-cli -p $port dbsize) keys"
} | tee "$work/seen"
[ "$(cat "$work/seen")" = "$(printf '%s\n' 'argument: 123456789012345 123456789012346' 'reply: 123456789012345 123456789012346' \
  'tostring: 1.2345678901234e+14 1.2345678901235e+14' "'id:' ..: id:1.2345678901234e+14 id:1.2345678901235e+14" \
  'JSON again: {"id":1.2345678901234e+14} {"id":1.2345678901235e+14}' '%.0f: 123456789012345 123456789012346' \
  "of 1000 IDs from 2^53 - 1000 on, \`'id:' .. id\` makes 11 keys")" ] || { echo "behaves otherwise now" >&2; exit 1; }
