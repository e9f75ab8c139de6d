#!/usr/bin/env bash
# Eloquent reads every id above 2^63 as 9223372036854775807, right after create() and from the database, in $model->id and in JSON.
#
# Guess: an id that fits no int of PHP stays the string that PDO gives, or fails.
# What was seen: the primary key is an int by default and is made one whenever it is read, and all strings above the largest int become that, without
#   a warning. Queries with the string find the row, save() finds it too, by the text it was read with, and a relation asks for the rows of
#   9223372036854775807. With `$keyType = 'string'` all is right.
# Seen with php-illuminate-database 8.83.26, PHP 8.2.36 (both Debian 12), MariaDB 10.11.19, 2026-12-01; users …610 and …611, each with one order:
#   ids: 9223372036854775807, 9223372036854775807; JSON: [{"id":9223372036854775807},{"id":9223372036854775807}]
#   find('18446744073709551611'): 9223372036854775807; its orders: 0
#   keyType string: 18446744073709551610, 18446744073709551611; its orders: 1
# Why it matters here: the id goes into links, caches, queues and foreign keys, where half of all 64-bit IDs are one.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
mkdir "$work/php" && cd "$work/php" || exit 2
apt-get download php8.2-cli php8.2-common php8.2-mysql php8.2-mbstring php-illuminate-database php-illuminate-support php-illuminate-collections \
  php-illuminate-contracts php-illuminate-macroable php-illuminate-container php-nesbot-carbon php-doctrine-inflector php-psr-container \
  php-psr-simple-cache php-voku-portable-ascii php-symfony-translation php-symfony-translation-contracts libargon2-1 libsodium23 libxml2 \
  libicu72 >/dev/null 2>&1 || { echo "cannot get Debian's PHP and Eloquent (a Debian machine after apt-get update?)" >&2; exit 2; }
for package in *.deb; do dpkg -x "$package" root || exit 2; done
cat >seen.php <<'PHP'
<?php
error_reporting(E_ALL & ~E_DEPRECATED);
set_include_path(__DIR__ . '/root/usr/share/php');
spl_autoload_register(function (string $class) {
    $file = str_replace('\\', '/', $class) . '.php';
    foreach (['Support', 'Collections', 'Macroable'] as $part) {
        if (stream_resolve_include_path($found = str_replace('Illuminate/Support/', "Illuminate/$part/", $file))) {
            require_once $found;
            return;
        }
    }
});
require 'Illuminate/Support/helpers.php';
require 'Illuminate/Collections/helpers.php';
$db = new Illuminate\Database\Capsule\Manager();
$db->addConnection(['driver' => 'mysql', 'host' => '127.0.0.1', 'port' => $argv[1], 'database' => 'd', 'username' => 'root', 'password' => '',
    'charset' => 'utf8mb4']);
$db->bootEloquent();
$db->getConnection()->statement('CREATE TABLE users (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY)');
$db->getConnection()->statement('CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT UNSIGNED)');
class Order extends Illuminate\Database\Eloquent\Model
{
    public $timestamps = false;
    protected $guarded = [];
}
class User extends Illuminate\Database\Eloquent\Model
{
    public $timestamps = false;
    protected $guarded = [];
    public function orders()
    {
        return $this->hasMany(Order::class, 'user_id');
    }
}
class TextUser extends User
{
    protected $table = 'users';
    protected $keyType = 'string';
}
$ids = ['18446744073709551610', '18446744073709551611'];
$told = [];
foreach ($ids as $id) {
    $told[] = User::create(['id' => $id])->id;
    Order::create(['user_id' => $id]);
}
echo 'ids: ', implode(', ', $told), '; JSON: ', User::all()->toJson(), "\n";
$user = User::find($ids[1]);
echo "find('$ids[1]'): $user->id; its orders: {$user->orders()->count()}\n";
echo 'keyType string: ', TextUser::orderBy('id')->get()->pluck('id')->implode(', '), '; its orders: ', TextUser::find($ids[1])->orders()->count(), "\n";
PHP
sql -e 'CREATE DATABASE d'
php() { LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu root/usr/bin/php8.2 -n -d extension_dir="$PWD/root/usr/lib/php/20220829" \
  -d extension=mysqlnd -d extension=pdo -d extension=pdo_mysql -d extension=mbstring -d extension=ctype "$@"; }
php -r 'exit(extension_loaded("pdo_mysql") ? 0 : 1);' || exit 2
php seen.php $port >seen || { cat seen; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
ids: 9223372036854775807, 9223372036854775807; JSON: [{"id":9223372036854775807},{"id":9223372036854775807}]
find('18446744073709551611'): 9223372036854775807; its orders: 0
keyType string: 18446744073709551610, 18446744073709551611; its orders: 1
SEEN
