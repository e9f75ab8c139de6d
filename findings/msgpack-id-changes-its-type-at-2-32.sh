#!/usr/bin/env bash
# An ID that comes to JavaScript by MessagePack is a number up to 4294967295 and a BigInt from 4294967296 on, not from 2^53 on.
#
# Guess: with `useBigInt64` (or msgpackr's default) every integer is a BigInt, or those that a number cannot hold: above 2^53.
# What was seen: the width on the wire decides, and writers choose the shortest. So IDs of one counter are numbers until it passes
#   2^32; from then on `id === 4294967296`, `id + 1` and JSON.stringify(id) answer false or raise. msgpackr's `int64AsType: 'string'`
#   gives strings from the same point on.
# Seen with @msgpack/msgpack 3.1.3, msgpackr 2.1.3, Node 20.20 and 26.10; msgpack 1.1.2 (PyPI) as writer, 2026-11-30:
#   4294967295: useBigInt64 number, msgpackr number, int64AsType string number
#   4294967296: useBigInt64 bigint, msgpackr bigint, int64AsType string string
#   JSON.stringify of the next ID: {"id":4294967295} and then TypeError
# Why it matters here: a service that was tested with small IDs fails on the day that a tag passes 2^32. IDs go out as strings in JSON.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3" >&2; exit 2; }
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @msgpack/msgpack@3.1.3 msgpackr@2.1.3 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q msgpack==1.1.2 >/dev/null 2>&1 || exit 2
written=$(venv/bin/python -c 'import msgpack
for each in (4294967295, 4294967296): print(msgpack.packb({"id": each}).hex())') || exit 2
cat >try.cjs <<'JS'
const { decode } = require('@msgpack/msgpack');
const { Unpackr, unpack } = require('msgpackr');
const asString = new Unpackr({ int64AsType: 'string', mapsAsObjects: true });
const seen = [];
const told = [];
for (const hex of process.argv.slice(2)) {
  const bytes = Buffer.from(hex, 'hex');
  const answer = decode(bytes, { useBigInt64: true });
  const types = [answer.id, unpack(bytes).id, asString.unpack(bytes).id].map((id) => typeof id);
  console.log(`${answer.id}: useBigInt64 ${types[0]}, msgpackr ${types[1]}, int64AsType string ${types[2]}`);
  seen.push(types.join());
  try {
    told.push(JSON.stringify(answer));
  } catch (error) {
    told.push(error.name);
  }
}
console.log(`JSON.stringify of the next ID: ${told.join(' and then ')}`);
process.exitCode = seen.join('; ') === 'number,number,number; bigint,bigint,string' && told[1] === 'TypeError' ? 0 : 1;
JS
# shellcheck disable=SC2086
node try.cjs $written || { echo "behaves otherwise now" >&2; exit 1; }
