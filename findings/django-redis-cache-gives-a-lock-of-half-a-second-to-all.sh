#!/usr/bin/env bash
# Django's own Redis cache answers True to everybody who asks add(key, value, timeout=0.5), so a lock made of it is held by all.
#
# Guess: the key is there for half a second, as in Django's other caches, or the timeout is refused as too short.
# What was seen: the timeout is cut to whole seconds. Half a second becomes 0, for which it sets the key, deletes it and says True.
#   1.9 seconds become one. The caches in memory and in files, and django-redis, keep the key for as long as was asked.
# Seen with Django 5.2.19, django-redis 7.0.0 and redis 8.1.0, redis-server 7.0.15 (Debian 12), 2026-12-01, for two calls of add
#   with a timeout of 0.5, and for a key with a timeout of 1.9 when 1.3 seconds have passed:
#   django: True True, gone
#   django-redis: True False, there
#   memory: True False, there
#   files: True False, there
# Why it matters here: `cache.add` is how a Django program makes sure that only one of its workers seeds a counter or claims a
#   worker number. Tried with the cache in memory it holds; on Redis a short lease is no lock, and others end early.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q Django==5.2.19 django-redis==7.0.0 redis==8.1.0 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
cat >add.py <<'PY'
import sys, time

from django.conf import settings

redis = f"redis://127.0.0.1:{sys.argv[1]}"
settings.configure(CACHES={
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis},
    "django-redis": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": redis + "/1"},
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "files": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "files"},
})

from django.core.cache import caches

for name in settings.CACHES:
    cache = caches[name]
    cache.get("connect")
    said = [cache.add("short", 1, timeout=0.5) for _ in range(2)]
    cache.add("long", 1, timeout=1.9)
    time.sleep(1.3)
    still = cache.get("long") is not None
    print(f"{name.replace('default', 'django')}: {said[0]} {said[1]}, {'there' if still else 'gone'}")
PY
venv/bin/python add.py $port | tee seen
[ "$(cat seen)" = "$(printf '%s\n' 'django: True True, gone' 'django-redis: True False, there' \
  'memory: True False, there' 'files: True False, there')" ] || { echo "behaves otherwise now" >&2; exit 1; }
