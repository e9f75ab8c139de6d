#!/usr/bin/env bash
# PromQL takes 010 for 8, 08 for 8 and 010.0 for 10: a number with a zero in front is octal if all its digits may be.
#
# Guess: PromQL has decimal and hexadecimal numbers, as its manual says, and zeros in front mean nothing.
# What was seen: a number is first read as Go reads a literal, where 010 is octal, and if that fails as a decimal. So 07 and 08 are right by
#   chance and 010 to 017 are two less, without a word.
# Seen with promtool of prometheus 2.42.0 (Debian 12), 2026-12-01:
#   07 is 7; 08 is 8; 09 is 9; 010 is 8; 011 is 9; 018 is 18; 010.0 is 10; -010 is -8
#   worker == 010 finds worker 8; worker == 10 finds worker 10
# Why it matters here: `worker == $n` of a dashboard, with machine numbers padded with zeros, shows another machine.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack prometheus
{
  echo 'tests: [{interval: 1m, input_series: [{series: "worker{n=\"8\"}", values: "8"}, {series: "worker{n=\"10\"}", values: "10"}],'
  echo '  promql_expr_test: ['
  for number in 07 08 09 010 011 018 010.0 -010; do echo "{expr: 'vector($number)', eval_time: 0m, exp_samples: [{value: 12345}]},"; done
  for number in 010 10; do echo "{expr: 'worker == $number', eval_time: 0m, exp_samples: [{labels: none, value: 12345}]},"; done
  echo ']}]'
} >all.yml
sed 's/{labels: none, value: 12345}/{labels: "none{}", value: 12345}/' all.yml >tests.yml
root/usr/bin/promtool test rules tests.yml >told 2>&1
read_as() { grep -F -A3 "\"$1\"" told | sed -n 's/.*got: *//p' | awk '{ print $NF + 0 }'; }
{
  for number in 07 08 09 010 011 018 010.0 -010; do echo "$number is $(read_as "vector($number)")"; done | paste -sd';' | sed 's/;/; /g'
  for number in 010 10; do echo "worker == $number finds worker $(read_as "worker == $number")"; done | paste -sd';' | sed 's/;/; /g'
} >seen
cat seen
diff seen - <<'SEEN' || { cat told; echo "behaves otherwise now" >&2; exit 1; }
07 is 7; 08 is 8; 09 is 9; 010 is 8; 011 is 9; 018 is 18; 010.0 is 10; -010 is -8
worker == 010 finds worker 8; worker == 10 finds worker 10
SEEN
