# Sourced by the scripts beside it: a MariaDB of their own in $work, started with $options, and `sql`, which asks it. Exit 2 if
# there is none.
work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
  rm -rf "$work"
}
trap finish EXIT
export PATH="$PATH:/usr/sbin:/sbin"
command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null || {
  echo "needs Debian's mariadb-server: apt-get install --no-install-recommends mariadb-server" >&2
  exit 2
}
root=()
[ "$(id -u)" = 0 ] && root=(--user=root)
mariadb-install-db --no-defaults --datadir="$work/data" --auth-root-authentication-method=normal --skip-test-db \
  --skip-name-resolve "${root[@]}" >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
mariadbd --no-defaults --datadir="$work/data" --port=$port --bind-address=127.0.0.1 --socket="$work/s.sock" \
  --pid-file="$work/pid" --skip-name-resolve --innodb-buffer-pool-size=32M "${root[@]}" ${options:-} >"$work/log" 2>&1 &
server=$!
sql() { mariadb --no-defaults --socket="$work/s.sock" --user=root -BN "$@"; }
for _ in $(seq 200); do sql -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
sql -e 'SELECT 1' >/dev/null 2>&1 || { tail -5 "$work/log" >&2; exit 2; }
echo "MariaDB $(sql -e 'SELECT VERSION()')"
