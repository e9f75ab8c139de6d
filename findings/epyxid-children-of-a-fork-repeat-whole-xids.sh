#!/usr/bin/env bash
# The children of a forked Python process draw the same XIDs from epyxid, although an XID has a field for the process id.
#
# Guess: an XID is seconds, machine, process id and counter, so two processes of one machine never draw the same one.
# What was seen: the process id and the counter are kept from the first draw on. Children of a process that had drawn one go on
#   from the same counter with their parent's process id: within a second they repeat each other's XIDs whole.
# Seen with epyxid 0.4.0, Python 3.11, 2026-11-30:
#   4 children, 1000 each: 1 process id, 1000 counters
#   of one second: every XID of the one child was drawn by the other
# Why it matters here: a field that names the process says nothing of a process that was forked after the field was read. A lease
#   belongs to an `instanceId` that each process draws at its own start.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q epyxid==0.4.0 >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
import os

from epyxid import XID

children, each = 4, 1000


def drawn_by_children():
    XID()
    drawn = []
    for _ in range(children):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            with os.fdopen(writer, "wb") as out:
                out.write(b"".join(bytes(XID().as_bytes()) for _ in range(each)))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as answer:
            all_of_it = answer.read()
        os.wait()
        drawn.append([all_of_it[at : at + 12] for at in range(0, len(all_of_it), 12)])
    return drawn


# A second may end between two children: then another try.
for _ in range(10):
    drawn = drawn_by_children()
    if len({xid[:4] for child in drawn for xid in child}) == 1:
        break
every = [xid for child in drawn for xid in child]
pids, counters = {xid[7:9] for xid in every}, {xid[9:] for xid in every}
print(f"{children} children, {each} each: {len(pids)} process id, {len(counters)} counters")
same = len(set(every)) == each
print("of one second: every XID of the one child was drawn by the other" if same else f"{len(set(every))} different")
raise SystemExit(0 if len(pids) == 1 and len(counters) == each and same else 1)
PY
venv/bin/python try.py || { echo "behaves otherwise now" >&2; exit 1; }
