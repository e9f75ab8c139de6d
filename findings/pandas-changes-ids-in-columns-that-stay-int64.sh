#!/usr/bin/env bash
# pandas changes IDs in a column that is int64 before and after: DataFrame.combine_first and Series.update round, their counterparts don't.
#
# Guess: whatever fills gaps either gives a float64 column, which shows that digits may be gone, or an int64 column with the IDs as they were.
# What was seen: both go through doubles and back to int64, so nothing shows it. Series.combine_first and DataFrame.update, which do the
#   same to the other kind of object, are exact.
# Seen with pandas 3.1.1, numpy 2.4.6, Python 3.11, 2026-12-01, for 9007199254740993 and 9007199254740995, another row added or
#   the second made 9007199254740997:
#   Series.combine_first: int64 [9007199254740993, 9007199254740995, 1]
#   DataFrame.combine_first: int64 [9007199254740992, 9007199254740996, 1]
#   DataFrame.update: int64 [9007199254740993, 9007199254740997]
#   Series.update: int64 [9007199254740993, 9007199254740996]
# Why it matters here: a table of IDs that is completed from a second one holds the IDs of other rows, in the right type. Neither is told.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pandas==3.1.1 numpy==2.4.6 >/dev/null 2>&1 || exit 2
venv/bin/python - >seen <<'PY' || exit 1
import pandas as pd

ids = pd.Series([9007199254740993, 9007199254740995], name="id")
more = pd.Series([1], index=[2], name="id")
change = pd.Series([9007199254740997], index=[1], name="id")


def tell(what, column):
    print(f"{what}:", column.dtype, column.tolist())


tell("Series.combine_first", ids.combine_first(more))
tell("DataFrame.combine_first", ids.to_frame().combine_first(more.to_frame()).id)
frame = ids.to_frame()
frame.update(change.to_frame())
tell("DataFrame.update", frame.id)
series = ids.copy()
series.update(change)
tell("Series.update", series)
PY
cat seen
diff seen - <<'SEEN'
Series.combine_first: int64 [9007199254740993, 9007199254740995, 1]
DataFrame.combine_first: int64 [9007199254740992, 9007199254740996, 1]
DataFrame.update: int64 [9007199254740993, 9007199254740997]
Series.update: int64 [9007199254740993, 9007199254740996]
SEEN
