#!/usr/bin/env bash
# pino writes a BigInt exactly as a field and rounded by %d; pino-pretty shows another number than stands in the log.
#
# Guess: a BigInt is refused, as by JSON.stringify, or written as a string; %d writes it as Node's util.format does, with all digits.
# What was seen: a field becomes a JSON number with all digits, which pino's own reader rounds. In a message %s is exact and %d isn't.
# Seen with pino 10.4.0, pino-pretty 13.2.0, Node 20.20, 2026-12-01, for 9007199254740993n:
#   field: 9007199254740993, shown 9007199254740992
#   %s: 9007199254740993, %d: 9007199254740992
#   util.format %d: 9007199254740993n
# Why it matters here: the ID on the screen of who looks for a fault is that of another row, and grep finds the one but not the other. Log
#   IDs as strings.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts pino@10.4.0 pino-pretty@13.2.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { format } = require('node:util');
const { prettyFactory } = require('pino-pretty');
const lines = [];
const logger = require('pino')({}, { write: (line) => lines.push(line) });
const id = 9007199254740993n;
const digits = (text, after) => text.slice(text.indexOf(after) + after.length).match(/\d+n?/)[0];

logger.info({ orderId: id });
logger.info('text %s, number %d', id, id);
const shown = prettyFactory({ colorize: false })(lines[0]);
console.log(`field: ${digits(lines[0], 'orderId')}, shown ${digits(shown, 'orderId')}`);
console.log(`%s: ${digits(lines[1], 'text')}, %d: ${digits(lines[1], 'number')}`);
console.log(`util.format %d: ${format('%d', id)}`);
JS
node try.cjs >seen || exit 1
cat seen
diff seen - <<'SEEN'
field: 9007199254740993, shown 9007199254740992
%s: 9007199254740993, %d: 9007199254740992
util.format %d: 9007199254740993n
SEEN
