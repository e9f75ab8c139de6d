#!/usr/bin/env bash
# protobufjs writes a BigInt as 0 if it is given to encode(), and as it is if the message was made with fromObject().
#
# Guess: encode() takes a BigInt for a 64-bit field as fromObject() does, or throws. It takes numbers, Long and strings of digits.
# What was seen: what is neither a number nor a string is taken for a Long, and a BigInt has no `low` and `high`: 0 goes out, with no
#   error, for 5n as for any other. create() changes nothing. The writer's own uint64(), int64() and fixed64() do the same.
# Seen with protobufjs 7.6.6 and 8.8.1, Node 20.20, 2026-12-01:
#   7.6.6: encode number 5, string 5, bigint 0; create bigint 0; fromObject bigint 5; 9007199254740993n 0 and 9007199254740993
#   8.8.1: encode number 5, string 5, bigint 0; create bigint 0; fromObject bigint 5; 9007199254740993n 0 and 9007199254740993
# Why it matters here: code that goes over from numbers to BigInt, since IDs pass 2^53, sends every ID as 0. grpc-js with proto-loader
#   calls fromObject() itself; a queue or cache that is filled with encode() does not. verify() refuses a BigInt, so call it.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts protobufjs@8.8.1 seven@npm:protobufjs@7.6.6 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
for (const name of ['seven', 'protobufjs']) {
  const { parse } = require(name);
  const Row = parse('syntax = "proto3"; message Row { uint64 id = 1; }').root.lookupType('Row');
  const read = (bytes) => String(Row.decode(bytes).id);
  const encoded = (id) => read(Row.encode({ id }).finish());
  const made = (id) => read(Row.encode(Row.fromObject({ id })).finish());
  const simple = [5, '5', 5n].map((id) => `${typeof id} ${encoded(id)}`).join(', ');
  const created = read(Row.encode(Row.create({ id: 5n })).finish());
  const large = 9007199254740993n;
  const { version } = require(`${name}/package.json`);
  console.log(
    `${version}: encode ${simple}; create bigint ${created}; fromObject bigint ${made(5n)}; ${large}n ${encoded(large)} and ${made(large)}`,
  );
}
JS
node try.cjs >seen 2>err || { cat err >&2; exit 1; }
cat seen
diff seen - <<'SEEN'
7.6.6: encode number 5, string 5, bigint 0; create bigint 0; fromObject bigint 5; 9007199254740993n 0 and 9007199254740993
8.8.1: encode number 5, string 5, bigint 0; create bigint 0; fromObject bigint 5; 9007199254740993n 0 and 9007199254740993
SEEN
