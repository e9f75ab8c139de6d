#!/usr/bin/env bash
# fastavro writes an integer as a double, and rounds it, when its union names double before long, although avro writes it as a long.
#
# Guess: of a union the branch of the value's own type is taken, so a Python int goes to long and a float to double, whatever their order.
# What was seen: the first branch that takes an int is used, and double and float do. Above 2^53 the ID is another one; in a float, with 24
#   bits, one from 16777217 on. Nothing is raised. Apache's own avro writes and reads the ID.
# Seen with fastavro 1.13.1, avro 1.12.2, Python 3.11, 2026-11-30:
#   fastavro ["null", "double", "long"]: 9007199254740992.0
#   fastavro ["null", "float", "long"]: 9007199254740992.0
#   fastavro ["null", "long", "double"]: 9007199254740993
#   fastavro ["null", "float", "long"]: 16777216.0 for 16777217
#   avro ["null", "double", "long"]: 9007199254740993
# Why it matters here: a topic's or file's IDs differ by which Python package wrote them, under one schema that each of them accepts.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q fastavro==1.13.1 avro==1.12.2 >/dev/null 2>&1 || exit 2
cat >union.py <<'PY'
import io, json
import avro.io, avro.schema, fastavro

ID = 2**53 + 1
DOUBLE_FIRST, FLOAT_FIRST, LONG_FIRST = ["null", "double", "long"], ["null", "float", "long"], ["null", "long", "double"]

def by_fastavro(union, id):
    file = io.BytesIO()
    fastavro.schemaless_writer(file, fastavro.parse_schema(union), id)
    file.seek(0)
    return fastavro.schemaless_reader(file, fastavro.parse_schema(union), None)

def by_avro(union, id):
    schema, file = avro.schema.parse(json.dumps(union)), io.BytesIO()
    avro.io.DatumWriter(schema).write(id, avro.io.BinaryEncoder(file))
    file.seek(0)
    return avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(file))

for union in (DOUBLE_FIRST, FLOAT_FIRST, LONG_FIRST):
    print(f"fastavro {json.dumps(union)}: {by_fastavro(union, ID)}")
print(f"fastavro {json.dumps(FLOAT_FIRST)}: {by_fastavro(FLOAT_FIRST, 2**24 + 1)} for {2**24 + 1}")
print(f"avro {json.dumps(DOUBLE_FIRST)}: {by_avro(DOUBLE_FIRST, ID)}")
PY
venv/bin/python union.py >seen || exit 1
cat seen
diff seen - <<'SEEN'
fastavro ["null", "double", "long"]: 9007199254740992.0
fastavro ["null", "float", "long"]: 9007199254740992.0
fastavro ["null", "long", "double"]: 9007199254740993
fastavro ["null", "float", "long"]: 16777216.0 for 16777217
avro ["null", "double", "long"]: 9007199254740993
SEEN
