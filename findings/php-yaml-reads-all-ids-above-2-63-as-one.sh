#!/usr/bin/env bash
# PHP's yaml extension reads every number above 2^63 as 9223372036854775807; Symfony's parser and json_decode tell them apart.
#
# Guess: a number that fits no int of PHP becomes a float, as in json_decode, or stays a string.
# What was seen: it becomes the largest int, with neither exception nor warning, as a value and as a key: two entries of a map become one.
# Seen with php-yaml 2.2.2, php-symfony-yaml 5.4.53, PHP 8.2.36 (all Debian 12), 2026-12-01:
#   yaml_parse: 18446744073709551615 is 9223372036854775807, 9223372036854775808 is 9223372036854775807; a map of two such keys has 1
#   Symfony: 18446744073709551615 is '18446744073709551615', 9223372036854775808 is '9223372036854775808'; a map of two such keys has 2
#   json_decode: 18446744073709551615 is 1.8446744073709552E+19, 9223372036854775808 is 9.223372036854776E+18; a map of two such keys has 2
# Why it matters here: fixtures and exports of unsigned IDs, which Go, Python and JavaScript write without quotes, load as one and the same ID.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack php8.2-cli php8.2-common php8.2-yaml php-symfony-yaml libyaml-0-2 libargon2-1 libsodium23 libxml2 libicu72
cat >seen.php <<'PHP'
<?php
spl_autoload_register(function (string $class) {
    require_once __DIR__ . '/root/usr/share/php/' . str_replace('\\', '/', $class) . '.php';
});
$yaml = "a: 18446744073709551615\nb: 9223372036854775808\nmap:\n  18446744073709551615: 1\n  9223372036854775808: 2\n";
$json = '{"a": 18446744073709551615, "b": 9223372036854775808, "map": {"18446744073709551615": 1, "9223372036854775808": 2}}';
foreach (['yaml_parse' => yaml_parse($yaml), 'Symfony' => Symfony\Component\Yaml\Yaml::parse($yaml), 'json_decode' => json_decode($json, true)]
    as $by => $read) {
    echo "$by: 18446744073709551615 is ", var_export($read['a'], true), ', 9223372036854775808 is ', var_export($read['b'], true),
        '; a map of two such keys has ', count($read['map']), "\n";
}
PHP
php() { LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 -n -d extension_dir="$work/root/usr/lib/php/20220829" -d extension=yaml -d extension=ctype "$@"; }
php -r 'exit(extension_loaded("yaml") ? 0 : 1);' || exit 2
php seen.php >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
yaml_parse: 18446744073709551615 is 9223372036854775807, 9223372036854775808 is 9223372036854775807; a map of two such keys has 1
Symfony: 18446744073709551615 is '18446744073709551615', 9223372036854775808 is '9223372036854775808'; a map of two such keys has 2
json_decode: 18446744073709551615 is 1.8446744073709552E+19, 9223372036854775808 is 9.223372036854776E+18; a map of two such keys has 2
SEEN
