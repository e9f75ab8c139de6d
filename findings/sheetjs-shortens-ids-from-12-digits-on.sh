#!/usr/bin/env bash
# SheetJS writes an ID of twelve digits into CSV as 1.23457E+11: it keeps six digits of a number that it holds exactly.
#
# Guess: IDs are safe up to Excel's 15 digits, or JavaScript's 2^53; a CSV holds the cell's value, since CSV has no formats.
# What was seen: sheet_to_csv, and sheet_to_json with `raw: false`, write what a cell of format General would show in Excel's eleven
#   characters. 99999999999 is whole, 123456789012 and its neighbour 123456789013 are one and the same. `rawNumbers: true` writes the value.
# Seen with xlsx 0.18.5 (npm), Node 20.20, 2026-11-30:
#   csv: 99999999999 1.23457E+11 1.23457E+11
#   json, raw false: 99999999999 1.23457E+11 1.23457E+11
#   csv, rawNumbers: 99999999999 123456789012 123456789013
# Why it matters here: a counter of a tag passes it at 10^11, years before 2^53, and the export of that day has one ID in each row.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1 && npm install --silent --no-audit --no-fund xlsx@0.18.5 >/dev/null 2>&1 || exit 2
cat >sheet.cjs <<'JS'
const { utils } = require('xlsx');
const sheet = utils.json_to_sheet([99_999_999_999, 123_456_789_012, 123_456_789_013].map((id) => ({ id })));
const lines = (csv) => csv.trim().split('\n').slice(1).join(' ');
console.log('csv:', lines(utils.sheet_to_csv(sheet)));
console.log('json, raw false:', utils.sheet_to_json(sheet, { raw: false }).map((row) => row.id).join(' '));
console.log('csv, rawNumbers:', lines(utils.sheet_to_csv(sheet, { rawNumbers: true })));
JS
node sheet.cjs >seen || exit 1
cat seen
diff seen - <<'SEEN'
csv: 99999999999 1.23457E+11 1.23457E+11
json, raw false: 99999999999 1.23457E+11 1.23457E+11
csv, rawNumbers: 99999999999 123456789012 123456789013
SEEN
