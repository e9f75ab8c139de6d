#!/bin/sh
# redis-cli, which is hiredis: redis-tool.sh CLIENT PORT KEY FAR. Prints one line of JSON.
name=$1 port=$2 key=$3 far=$4
set --
[ "$name" = redis-cli-resp3 ] && set -- -3
told=$(printf 'INCR %s\nINCR %s\nINCR %s\nINCRBY %s 10\nMULTI\nINCR %s\nINCR %s\nEXEC\nINCR %s\nLC.NEXT %s\n' \
  "$key" "$key" "$key" "$key" "$key" "$key" "$far" "$far" | redis-cli "$@" -h 127.0.0.1 -p "$port" | grep -v '^$')
line() { printf '%s\n' "$told" | sed -n "${1}p" | sed 's/"/\\"/g'; }
step() {
  case $(line "$1") in
    [0-9]*) printf '{"value":"%s"}' "$(line "$1")" ;;
    *) printf '{"error":"%s"}' "$(line "$1")" ;;
  esac
}
printf '{"one":[%s,%s,%s],"block":%s,"pair":{"value":["%s","%s"]},"far":%s,"exact":%s}\n' \
  "$(step 1)" "$(step 2)" "$(step 3)" "$(step 4)" "$(line 8)" "$(line 9)" "$(step 10)" "$(step 11)"
