#!/usr/bin/env bash
# proto-loader gives the 64-bit keys of a map as eight raw characters, also with `longs: String`.
#
# Guess: `longs: String` turns each 64-bit number of an answer into decimal digits, the keys of a map<uint64, …> included, as
#   JavaScript's keys are strings anyway and digits are what is written into a request.
# What was seen: values become digits, keys become strings of eight bytes with NULs in them, under each setting of `longs`. Written back
#   with the same loader each becomes the key 0. protobufjs 8 gives digits.
# Seen with @grpc/proto-loader 0.8.1 (protobufjs 7.6.6) and protobufjs 8.8.1, Node 20.20, 2026-12-01:
#   proto-loader, longs String: id 9007199254740993, key 8 characters 0100000000002000;
#     written back: 8 characters 0000000000000000
#   proto-loader, longs Number: id 9007199254740992, key 8 characters 0100000000002000;
#     written back: 8 characters 0000000000000000
#   proto-loader, longs undefined: id 9007199254740993, key 8 characters 0100000000002000;
#     written back: 8 characters 0000000000000000
#   protobufjs 8, longs String: id 9007199254740993, key 9007199254740993
# Why it matters here: a call that answers a map of ID to record finds no record by its ID, and no error says so; nor is the key that
#   is logged the ID.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts @grpc/proto-loader@0.8.1 protobufjs@8.8.1 >/dev/null 2>&1 || exit 2
# proto-loader asks for ^7: with it goes the version that was seen.
(cd node_modules/@grpc/proto-loader &&
  npm install --silent --no-audit --no-fund --ignore-scripts --omit=dev protobufjs@7.6.6 >/dev/null 2>&1) || exit 2
cat >t.proto <<'PROTO'
syntax = "proto3";
package t;
message Names { map<uint64, string> by_id = 1; repeated uint64 ids = 2; }
service Book { rpc Read(Names) returns (Names); }
PROTO
cat >try.cjs <<'JS'
const { loadSync } = require('@grpc/proto-loader');
const protobuf = require('protobufjs');
const hex = (key) => `${key.length} characters ${Buffer.from(key, 'latin1').toString('hex')}`;
const sent = { byId: { '9007199254740993': 'ann' }, ids: ['9007199254740993'] };
for (const longs of [String, Number, undefined]) {
  const { requestSerialize, responseDeserialize } = loadSync('t.proto', { longs })['t.Book'].Read;
  const bytes = requestSerialize(sent);
  const got = responseDeserialize(bytes);
  let again;
  try {
    again = Object.keys(responseDeserialize(requestSerialize({ byId: got.byId })).byId).map(hex).join();
  } catch (error) {
    again = error.message;
  }
  console.log(`proto-loader, longs ${longs?.name}: id ${got.ids}, key ${hex(Object.keys(got.byId)[0])};\n  written back: ${again}`);
}
const Names = protobuf.loadSync('t.proto').lookupType('t.Names');
const got = Names.toObject(Names.decode(Names.encode(Names.fromObject(sent)).finish()), { longs: String });
console.log(`protobufjs 8, longs String: id ${got.ids}, key ${Object.keys(got.byId)[0]}`);
JS
node try.cjs | tee seen
[ "$(cat seen)" = 'proto-loader, longs String: id 9007199254740993, key 8 characters 0100000000002000;
  written back: 8 characters 0000000000000000
proto-loader, longs Number: id 9007199254740992, key 8 characters 0100000000002000;
  written back: 8 characters 0000000000000000
proto-loader, longs undefined: id 9007199254740993, key 8 characters 0100000000002000;
  written back: 8 characters 0000000000000000
protobufjs 8, longs String: id 9007199254740993, key 9007199254740993' ] || { echo "behaves otherwise now" >&2; exit 1; }
