#!/usr/bin/env bash
# PDO writes every ID above 2^63 as 9223372036854775807 if it is bound as PDO::PARAM_INT, and as it is if the server prepares.
#
# Guess: an ID that fits no int of PHP is a string, and binding it as PDO::PARAM_INT writes its digits without quotes, or fails.
# What was seen: PDO puts parameters into MySQL statements itself unless told otherwise, and turns what is to be an int into one:
#   all strings above the largest come out as that, without a warning. A SELECT finds the wrong row and an INSERT stores the wrong ID. Prepared by
#   the server (ATTR_EMULATE_PREPARES false), bound as PARAM_STR, or bound as "i" with mysqli, they are right.
# Seen with PHP 8.2.36 (Debian 12), MariaDB 10.11.19, 2026-12-01:
#   PARAM_INT, emulated: 18446744073709551615 stored as 9223372036854775807, found: the row of 9223372036854775807
#   PARAM_STR, emulated: 18446744073709551615 stored as 18446744073709551615, found: the row of 18446744073709551615
#   PARAM_INT, prepared by the server: 18446744073709551615 stored as 18446744073709551615, found: the row of 18446744073709551615
#   mysqli i: 18446744073709551615 stored as 18446744073709551615, found: the row of 18446744073709551615
# Why it matters here: PDO itself hands such IDs out as strings. Bound as what they are, BIGINT, half of all 64-bit IDs become one.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
mkdir "$work/php" && cd "$work/php" || exit 2
apt-get download php8.2-cli php8.2-common php8.2-mysql libargon2-1 libsodium23 libxml2 libicu72 >/dev/null 2>&1 || {
  echo "cannot get Debian's PHP (a Debian machine after apt-get update?)" >&2
  exit 2
}
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >seen.php <<'PHP'
<?php
$id = '18446744073709551615';
$pdo = new PDO("mysql:host=127.0.0.1;port=$argv[1];dbname=d", 'root', '');
$told = function (string $how, callable $run) use ($pdo, $id) {
    $pdo->exec('CREATE OR REPLACE TABLE t (id BIGINT UNSIGNED PRIMARY KEY)');
    $run('INSERT INTO t VALUES (?)');
    $stored = $pdo->query('SELECT CAST(id AS CHAR) FROM t')->fetchColumn();
    $pdo->exec("INSERT IGNORE INTO t VALUES (9223372036854775807), ($id)");
    $found = $run('SELECT CAST(id AS CHAR) FROM t WHERE id = ?');
    echo "$how: $id stored as $stored, found: the row of $found\n";
};
foreach (['PARAM_INT, emulated' => [PDO::PARAM_INT, true], 'PARAM_STR, emulated' => [PDO::PARAM_STR, true],
    'PARAM_INT, prepared by the server' => [PDO::PARAM_INT, false]] as $how => [$type, $emulate]) {
    $pdo->setAttribute(PDO::ATTR_EMULATE_PREPARES, $emulate);
    $told($how, function (string $sql) use ($pdo, $id, $type) {
        $statement = $pdo->prepare($sql);
        $statement->bindValue(1, $id, $type);
        $statement->execute();
        return $statement->columnCount() ? $statement->fetchColumn() : null;
    });
}
$my = new mysqli('127.0.0.1', 'root', '', 'd', (int) $argv[1]);
$told('mysqli i', function (string $sql) use ($my, $id) {
    $statement = $my->prepare($sql);
    $statement->bind_param('i', $id);
    $statement->execute();
    $rows = $statement->get_result();
    return $rows ? $rows->fetch_row()[0] : null;
});
PHP
sql -e 'CREATE DATABASE d'
php() { LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu root/usr/bin/php8.2 -n -d extension_dir="$PWD/root/usr/lib/php/20220829" \
  -d extension=mysqlnd -d extension=pdo -d extension=pdo_mysql -d extension=mysqli "$@"; }
php -r 'exit(extension_loaded("pdo_mysql") ? 0 : 1);' || exit 2
php seen.php $port >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
PARAM_INT, emulated: 18446744073709551615 stored as 9223372036854775807, found: the row of 9223372036854775807
PARAM_STR, emulated: 18446744073709551615 stored as 18446744073709551615, found: the row of 18446744073709551615
PARAM_INT, prepared by the server: 18446744073709551615 stored as 18446744073709551615, found: the row of 18446744073709551615
mysqli i: 18446744073709551615 stored as 18446744073709551615, found: the row of 18446744073709551615
SEEN
