# Sourced by the scripts beside it: `unpack PACKAGE…` puts Debian packages of this machine's release into $work/root, with nothing
# installed and nothing started. Exit 2 if it cannot.
work=$(mktemp -d)
running=()
finish() {
  [ ${#running[@]} = 0 ] || { kill "${running[@]}"; wait "${running[@]}"; } 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT
cd "$work" || exit 2
unpack() {
  command -v apt-get >/dev/null && apt-get download "$@" >/dev/null 2>&1 || {
    echo "cannot get $* (a Debian machine after apt-get update?)" >&2
    exit 2
  }
  for package in *.deb; do dpkg -x "$package" root || exit 2; done
}
# Waits until something answers on a port.
listening() { for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; exit 2; }
libraries="$work/root/usr/lib/x86_64-linux-gnu"
