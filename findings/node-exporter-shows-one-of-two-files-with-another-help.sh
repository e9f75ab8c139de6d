#!/usr/bin/env bash
# node_exporter leaves out what a textfile says of a metric that another file describes in other words, and reports no error.
#
# Guess: two files may tell of one metric with different labels; if the words of HELP or the types differ, either both are shown or
#   node_textfile_scrape_error is 1.
# What was seen: the samples of the first file are shown and the others are gone, with node_textfile_scrape_error 0, the collector's success 1,
#   the mtime of both files and the status 200. A line in the log tells of it. Which file is the first goes by its name. A file with the
#   metric but without HELP takes the words from no other file, so it is lost as well.
# Seen with node_exporter 1.5.0 (Debian 12), 2026-12-01:
#   two files, HELP the same: ids_left{worker="1"} 1, ids_left{worker="2"} 2; scrape_error 0, success 1, 2 mtimes, status 200
#   another HELP: ids_left{worker="1"} 1; scrape_error 0, success 1, 2 mtimes, status 200
#   no HELP: ids_left{worker="1"} 1; scrape_error 0, success 1, 2 mtimes, status 200
# Why it matters here: the worker whose IDs run out is not on the board, and nothing there says that it is missing.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack prometheus-node-exporter
command -v curl >/dev/null || exit 2
port=$((20000 + RANDOM % 10000))
mkdir texts
root/usr/bin/prometheus-node-exporter --web.listen-address=127.0.0.1:$port --collector.disable-defaults --collector.textfile \
  --collector.textfile.directory=texts >log 2>&1 &
running+=($!)
listening $port
printf '# HELP ids_left IDs left.\n# TYPE ids_left gauge\nids_left{worker="1"} 1\n' >texts/a.prom
show() {
  printf "%b# TYPE ids_left gauge\nids_left{worker=\"2\"} 2\n" "$2" >texts/b.prom
  status=$(curl -s -o told -w '%{http_code}' "127.0.0.1:$port/metrics")
  echo "$1: $(grep '^ids_left' told | paste -sd, | sed 's/,ids/, ids/'); scrape_error $(sed -n 's/^node_textfile_scrape_error //p' told), success $(
    sed -n 's/^node_scrape_collector_success.* //p' told), $(grep -c '^node_textfile_mtime_seconds' told) mtimes, status $status"
}
{
  show 'two files, HELP the same' '# HELP ids_left IDs left.\n'
  show 'another HELP' '# HELP ids_left IDs that are left.\n'
  show 'no HELP' ''
} >seen
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
two files, HELP the same: ids_left{worker="1"} 1, ids_left{worker="2"} 2; scrape_error 0, success 1, 2 mtimes, status 200
another HELP: ids_left{worker="1"} 1; scrape_error 0, success 1, 2 mtimes, status 200
no HELP: ids_left{worker="1"} 1; scrape_error 0, success 1, 2 mtimes, status 200
SEEN
