#!/usr/bin/env bash
# protobuf for PHP reads every uint64 above 2^63 as 9223372036854775807 from JSON and from strings, and rightly from bytes.
#
# Guess: such an ID is a negative int in PHP, as from bytes, or is refused; to JSON and back to JSON it is the same.
# What was seen: bytes give the negative int. JSON, with quotes as protobuf writes a uint64 or without, and setValue() of a string, give the
#   largest int, with neither exception nor warning; written again it is another ID, the same for half of all.
# Seen with php-google-protobuf 3.21.12 (pure PHP), PHP 8.2.36 (both Debian 12), 2026-12-01, UInt64Value:
#   bytes of 18446744073709551615: int -1, to bytes 18446744073709551615
#   JSON "18446744073709551615": int 9223372036854775807, to bytes 9223372036854775807
#   JSON "9223372036854775808": int 9223372036854775807, to bytes 9223372036854775807
#   setValue('18446744073709551615'): int 9223372036854775807, to bytes 9223372036854775807
#   JSON "9223372036854775806": int 9223372036854775806, to bytes 9223372036854775806
# Why it matters here: a gateway in PHP between JSON and gRPC makes one ID of many, as long as they use the 64th bit.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack php8.2-cli php8.2-common php8.2-bcmath php-google-protobuf libargon2-1 libsodium23 libxml2 libicu72
cat >seen.php <<'PHP'
<?php
spl_autoload_register(function (string $class) {
    require_once __DIR__ . '/root/usr/share/php/' . str_replace('\\', '/', $class) . '.php';
});
$tell = function (string $what, callable $read) {
    $value = new Google\Protobuf\UInt64Value();
    $read($value);
    $number = '0';
    $shift = '1';
    foreach (str_split(substr($value->serializeToString(), 1)) as $byte) {
        $number = bcadd($number, bcmul($shift, (string) (ord($byte) & 127)));
        $shift = bcmul($shift, '128');
    }
    echo "$what: int {$value->getValue()}, to bytes $number\n";
};
$tell('bytes of 18446744073709551615', fn ($value) => $value->mergeFromString("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
foreach (['18446744073709551615', '9223372036854775808'] as $id) {
    $tell("JSON \"$id\"", fn ($value) => $value->mergeFromJsonString("\"$id\""));
}
$tell("setValue('18446744073709551615')", fn ($value) => $value->setValue('18446744073709551615'));
$tell('JSON "9223372036854775806"', fn ($value) => $value->mergeFromJsonString('"9223372036854775806"'));
PHP
php() { LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 -n -d extension_dir="$work/root/usr/lib/php/20220829" -d extension=bcmath -d extension=ctype "$@"; }
php -r 'exit(extension_loaded("bcmath") ? 0 : 1);' || exit 2
php seen.php >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
bytes of 18446744073709551615: int -1, to bytes 18446744073709551615
JSON "18446744073709551615": int 9223372036854775807, to bytes 9223372036854775807
JSON "9223372036854775808": int 9223372036854775807, to bytes 9223372036854775807
setValue('18446744073709551615'): int 9223372036854775807, to bytes 9223372036854775807
JSON "9223372036854775806": int 9223372036854775806, to bytes 9223372036854775806
SEEN
