#!/usr/bin/env bash
# fast-json-stringify, with which Fastify writes its answers, rounds an ID that is a string of digits, if the schema says integer.
#
# Guess: the digits are written as they stand, without quotes, or the value is refused as no integer.
# What was seen: the string goes through a double. A BigInt is written exactly for "integer", rounded for "number", and refused for a list
#   of types in which "integer" stands, where a string is left as it is.
# Seen with fast-json-stringify 7.3.10, Node 20.20, 2026-12-01, for 9007199254740993:
#   integer: string 9007199254740992, BigInt 9007199254740993
#   integer, int64: string 9007199254740992, BigInt 9007199254740993
#   number: string 9007199254740992, BigInt 9007199254740992
#   string or integer: string "9007199254740993", BigInt TypeError
#   string: string "9007199254740993", BigInt "9007199254740993"
# Why it matters here: drivers give 64-bit IDs as strings to keep them, and an API described with `type: integer, format: int64` then tells
#   other IDs, though no number was ever made of them in the service. Say `type: string`.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts fast-json-stringify@7.3.10 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const build = require('fast-json-stringify');
const types = {
  integer: { type: 'integer' },
  'integer, int64': { type: 'integer', format: 'int64' },
  number: { type: 'number' },
  'string or integer': { type: ['string', 'integer'] },
  string: { type: 'string' },
};
for (const [name, id] of Object.entries(types)) {
  const stringify = build({ type: 'object', properties: { id } });
  const written = ['9007199254740993', 9007199254740993n].map((value) => {
    try {
      return stringify({ id: value }).slice('{"id":'.length, -1);
    } catch (error) {
      return error.name;
    }
  });
  console.log(`${name}: string ${written[0]}, BigInt ${written[1]}`);
}
JS
node try.cjs >seen || exit 1
cat seen
diff seen - <<'SEEN'
integer: string 9007199254740992, BigInt 9007199254740993
integer, int64: string 9007199254740992, BigInt 9007199254740993
number: string 9007199254740992, BigInt 9007199254740992
string or integer: string "9007199254740993", BigInt TypeError
string: string "9007199254740993", BigInt "9007199254740993"
SEEN
