#!/usr/bin/env bash
# protobuf for Ruby rounds a 64-bit ID that stands in JSON as a number, and keeps it in quotes; protobuf for Python keeps both.
#
# Guess: a number in JSON for a field of 64 bits is read digit by digit, or refused if it can't be exact: the field has room for it.
# What was seen: each number goes through a double. 9007199254740993 becomes …992 without an error, in fields, lists and values of maps,
#   and the largest ID is refused as out of range. 1.5 is refused, so that what is rounded isn't for lack of a check.
# Seen with ruby-google-protobuf 3.21.12, Ruby 3.1.2 (both Debian 12); protobuf 7.36.2, Python 3.11, 2026-12-01:
#   Ruby: 9007199254740993 is 9007199254740992; "9007199254740993" is 9007199254740993; 18446744073709551615 is refused; 1.5 is refused
#   Python: 9007199254740993 is 9007199254740993; "9007199254740993" is 9007199254740993; 18446744073709551615 is 18446744073709551615; 1.5 is refused
# Why it matters here: protobuf itself writes IDs in quotes, and other writers of JSON don't. Their requests get the row of another ID.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack ruby3.1 libruby3.1 ruby-rubygems rubygems-integration ruby-google-protobuf libgmp10
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q protobuf==7.36.2 >/dev/null 2>&1 || exit 2
cat >seen.rb <<'RB'
require "google/protobuf"
pool = Google::Protobuf::DescriptorPool.generated_pool
pool.build { add_file("seen.proto", syntax: :proto3) { add_message("Seen") { optional :id, :uint64, 1 } } }
seen = pool.lookup("Seen").msgclass
puts "Ruby: " + ARGV.map { |number|
  "#{number} is " + begin
    seen.decode_json("{\"id\": #{number}}").id.to_s
  rescue Google::Protobuf::ParseError
    "refused"
  end
}.join("; ")
RB
cat >seen.py <<'PY'
import sys
from google.protobuf import json_format, wrappers_pb2

def read(number):
    try:
        return json_format.Parse(number, wrappers_pb2.UInt64Value()).value
    except json_format.ParseError:
        return "refused"

print("Python: " + "; ".join(f"{number} is {read(number)}" for number in sys.argv[1:]))
PY
export LD_LIBRARY_PATH=$libraries
extension=$(echo "$libraries"/rubygems-integration/3.1.0/extensions/x86_64-linux/3.1.0/google-protobuf-*)
ruby() { RUBYLIB=$extension:root/usr/lib/ruby/vendor_ruby:root/usr/lib/ruby/3.1.0:$libraries/ruby/3.1.0 root/usr/bin/ruby3.1 "$@"; }
ruby -e 'require "google/protobuf"' || exit 2
numbers=(9007199254740993 '"9007199254740993"' 18446744073709551615 1.5)
{ ruby seen.rb "${numbers[@]}" && venv/bin/python seen.py "${numbers[@]}"; } >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Ruby: 9007199254740993 is 9007199254740992; "9007199254740993" is 9007199254740993; 18446744073709551615 is refused; 1.5 is refused
Python: 9007199254740993 is 9007199254740993; "9007199254740993" is 9007199254740993; 18446744073709551615 is 18446744073709551615; 1.5 is refused
SEEN
