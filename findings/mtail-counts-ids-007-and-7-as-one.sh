#!/usr/bin/env bash
# mtail counts the IDs 007 and 7 of a log as one, as a label too, and ends its program at an ID above 2^63.
#
# Guess: what is captured and used as a key is the text of the log; a program that only counts by it counts each line.
# What was seen: whatever the pattern can match by digits alone is made an int first and a text again for the key. Zeros in front are lost, and
#   a number that doesn't fit ends the program for that line: what comes after isn't counted either. `\w+` in place of `\d+` keeps the text.
# Seen with mtail 3.0.0~rc50 (Debian 12), 2026-12-01, on lines with 007, 7, 18446744073709551615 and 12:
#   \d+: seen{id="12"} 1, seen{id="7"} 2; lines_total 3
#   \w+: seen{id="007"} 1, seen{id="12"} 1, seen{id="18446744073709551615"} 1, seen{id="7"} 1; lines_total 4
# Why it matters here: unsigned IDs are missing in the counts, and a check for IDs drawn twice finds two where there is one of each.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack mtail
printf 'id=%s\n' 007 7 18446744073709551615 12 >ids.log
for digits in '\d+' '\w+'; do
  printf 'counter seen by id\ncounter lines_total\n/id=(?P<id>%s)/ {\n  seen[$id]++\n  lines_total++\n}\n' "$digits" >ids.mtail
  timeout 60 root/usr/bin/mtail --progs ids.mtail --logs "$work/ids.log" --one_shot --one_shot_format=prometheus --logtostderr 2>log |
    sed -n 's/,*prog="ids.mtail"//; s/{}//; /^[^#]/p' | sort >told
  echo "$digits: $(grep '^seen' told | paste -sd, | sed 's/,seen/, seen/g'); $(grep '^lines' told)"
done >seen
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
\d+: seen{id="12"} 1, seen{id="7"} 2; lines_total 3
\w+: seen{id="007"} 1, seen{id="12"} 1, seen{id="18446744073709551615"} 1, seen{id="7"} 1; lines_total 4
SEEN
