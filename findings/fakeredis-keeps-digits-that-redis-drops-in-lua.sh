#!/usr/bin/env bash
# In a script, fakeredis encodes an ID as JSON with all its digits where Redis drops the last: the test is green, production is not.
#
# Guess: fakeredis runs scripts in a real Lua, so what a script answers is what Redis answers.
# What was seen: the language is the same, and tostring drops digits in both. But cjson is Python's json in fakeredis, exact to 2^53, and
#   of 14 digits in Redis. An array that is empty is another thing, too: {} in Redis, [] in fakeredis.
# Seen with fakeredis 2.41.0, lupa 2.8, redis-py 8.1.0, redis-server 7.0.15 (Debian 12), 2026-12-01:
#   tostring(123456789012345): fakeredis 1.2345678901234e+14, Redis 1.2345678901234e+14
#   cjson.encode({id=123456789012345}): fakeredis {"id":123456789012345}, Redis {"id":1.2345678901234e+14}
#   cjson.encode({}): fakeredis [], Redis {}
# Why it matters here: scripts that put IDs into JSON are tested against the one and run on the other. In ours, IDs are text.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 2
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q fakeredis==2.41.0 lupa==2.8 redis==8.1.0 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
cat >both.py <<'PY'
import sys, fakeredis, redis
fake, real = fakeredis.FakeRedis(), redis.Redis(port=int(sys.argv[1]))
for script in 'tostring(123456789012345)', 'cjson.encode({id=123456789012345})', 'cjson.encode({})':
    told = [store.eval(f'return {script}', 0).decode() for store in (fake, real)]
    print(f'{script}: fakeredis {told[0]}, Redis {told[1]}')
PY
venv/bin/python both.py $port >seen || exit 1
cat seen
diff seen - <<'SEEN'
tostring(123456789012345): fakeredis 1.2345678901234e+14, Redis 1.2345678901234e+14
cjson.encode({id=123456789012345}): fakeredis {"id":123456789012345}, Redis {"id":1.2345678901234e+14}
cjson.encode({}): fakeredis [], Redis {}
SEEN
