#!/usr/bin/env bash
# Three writers of npm write a whole number from 4294967296 on as a double, so Python reads 4294967296.0 and keys its rows by that text.
#
# Guess: each integer that a number holds exactly, so up to 2^53, is written as an integer; MessagePack and CBOR have 64 bits for it.
# What was seen: msgpackr and cbor-x do so up to 2^32 - 1 only. @msgpack/msgpack writes integers up to 2^53, but from 2^32 on doubles, once
#   it is told useBigInt64, which is there to keep 64-bit integers. A BigInt is written as an integer by all.
# Seen with msgpackr 2.1.4, cbor-x 1.6.9, @msgpack/msgpack 3.1.3, Node 20.20; msgpack 1.1.2 and cbor2 5.7.1 (PyPI), 2026-12-01,
#   "order:" and the ID, for 4294967295 and 4294967296:
#   msgpackr: order:4294967295 order:4294967296.0
#   cbor-x: order:4294967295 order:4294967296.0
#   @msgpack/msgpack: order:4294967295 order:4294967296
#   @msgpack/msgpack useBigInt64: order:4294967295 order:4294967296.0
# Why it matters here: on the day that a tag passes 2^32, a consumer in another language finds no key, or refuses a float for an int.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts msgpackr@2.1.4 cbor-x@1.6.9 @msgpack/msgpack@3.1.3 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q msgpack==1.1.2 cbor2==5.7.1 >/dev/null 2>&1 || exit 2
cat >write.cjs <<'JS'
const { encode } = require('@msgpack/msgpack');
const writers = {
  msgpackr: require('msgpackr').pack,
  'cbor-x': require('cbor-x').encode,
  '@msgpack/msgpack': (id) => encode(id),
  '@msgpack/msgpack useBigInt64': (id) => encode(id, { useBigInt64: true }),
};
for (const [name, write] of Object.entries(writers)) {
  console.log([name, ...[4294967295, 4294967296].map((id) => Buffer.from(write(id)).toString('hex'))].join('\t'));
}
JS
node write.cjs >written || exit 1
venv/bin/python - >seen <<'PY' || exit 1
import cbor2
import msgpack

for line in open("written"):
    name, *texts = line.rstrip("\n").split("\t")
    read = cbor2.loads if name == "cbor-x" else msgpack.unpackb
    print(f"{name}:", *(f"order:{read(bytes.fromhex(text))}" for text in texts))
PY
cat seen
diff seen - <<'SEEN'
msgpackr: order:4294967295 order:4294967296.0
cbor-x: order:4294967295 order:4294967296.0
@msgpack/msgpack: order:4294967295 order:4294967296
@msgpack/msgpack useBigInt64: order:4294967295 order:4294967296.0
SEEN
