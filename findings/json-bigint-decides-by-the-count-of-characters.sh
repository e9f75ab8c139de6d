#!/usr/bin/env bash
# json-bigint takes a number for a big one by the count of its characters: from 10^15 on, and fractions as well.
#
# Guess: what a JavaScript number holds exactly stays a number; above 2^53 - 1 it becomes a BigNumber or BigInt.
# What was seen: more than 15 characters make it big, the sign and the decimal point counted in. So 1000000000000000, a ninth of
#   2^53, is a BigInt, -100000000000000 too, and 999999999999999 is a number. With useNativeBigInt a fraction of 16 characters makes
#   the whole text unreadable: parse() raises.
# Seen with json-bigint 1.0.0, lossless-json 4.3.3 for comparison, Node 20.20 and 26.10, 2026-11-30:
#   999999999999999: number
#   1000000000000000: bigint
#   -99999999999999: number
#   -100000000000000: bigint
#   9007199254740991: bigint
#   {"id":1,"took":0.12345678901234}: SyntaxError Cannot convert 0.12345678901234 to a BigInt
#   lossless-json, a BigInt for what is not safe: number, number, number, number, number
# Why it matters here: at the default epoch, IDs of the layout `javascript` have 16 digits. They fit a number, and json-bigint makes
#   every one of them a BigInt. IDs go out as strings in JSON.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts json-bigint@1.0.0 lossless-json@4.3.3 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { parse } = require('json-bigint')({ useNativeBigInt: true });
const { isSafeNumber, parse: lossless } = require('lossless-json');
const texts = ['999999999999999', '1000000000000000', '-99999999999999', '-100000000000000', '9007199254740991'];
const types = texts.map((text) => typeof parse(text));
texts.forEach((text, at) => console.log(`${text}: ${types[at]}`));
const fraction = '{"id":1,"took":0.12345678901234}';
let told = 'read';
try {
  parse(fraction);
} catch (error) {
  told = `${error.name} ${error.message}`;
}
console.log(`${fraction}: ${told}`);
const exact = (text) => (isSafeNumber(text) ? Number(text) : BigInt(text));
const others = texts.map((text) => typeof lossless(text, null, exact));
console.log(`lossless-json, a BigInt for what is not safe: ${others.join(', ')}`);
process.exitCode = types.join() === 'number,bigint,number,bigint,bigint' && told.startsWith('SyntaxError') ? 0 : 1;
JS
node try.cjs || { echo "behaves otherwise now" >&2; exit 1; }
