#!/usr/bin/env bash
# Django leaves FOR UPDATE out of select_for_update().aggregate() and count(), so two transactions get the same "next number".
#
# Guess: select_for_update() stands in each query made from the queryset, as in first(), exists(), values_list() and distinct(); where a
#   database can't lock an aggregate, as PostgreSQL, the database says so. MariaDB and MySQL lock for MAX() what they read.
# What was seen: aggregate() and count() send a plain SELECT, with no error or warning. A second transaction reads the same maximum at once.
#   The same MAX as an annotation of values_list() is sent with FOR UPDATE.
# Seen with Django 5.2.19, PyMySQL 1.2.4, MariaDB 10.11.19, 2026-12-01; what another session sees while the transaction is open:
#   first(): locked
#   exists(): locked
#   order_by('-number')[:1]: locked
#   values_list('book').annotate(Max('number')): locked
#   aggregate(Max('number')): free
#   count(): free
# Why it matters here: select_for_update().aggregate(Max('number')) + 1 is the common way to number invoices without gaps, and reads as safe.
#   order_by('-number').first() locks.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
python3 -m venv "$work/v" >/dev/null 2>&1 &&
  "$work/v/bin/pip" -q install --disable-pip-version-check django==5.2.19 pymysql==1.2.4 >/dev/null 2>&1 || exit 2
sql -e "CREATE DATABASE d; CREATE TABLE d.invoice (id BIGINT AUTO_INCREMENT PRIMARY KEY, book INT, number INT UNIQUE);
  INSERT INTO d.invoice VALUES (1, 1, 1), (2, 1, 2)"
cat >"$work/held.py" <<'PY'
import sys

import pymysql
from pymysql.err import OperationalError

pymysql.version_info = (2, 2, 1, "final", 0)
pymysql.install_as_MySQLdb()
where = dict(host="127.0.0.1", port=int(sys.argv[1]), user="root")
import django
from django.conf import settings

base = dict(ENGINE="django.db.backends.mysql", NAME="d", HOST=where["host"], PORT=where["port"], USER="root")
settings.configure(DATABASES={"default": base}, INSTALLED_APPS=[])
django.setup()
from django.db import models, transaction
from django.db.models import Max


class Invoice(models.Model):
    book = models.IntegerField()
    number = models.IntegerField(unique=True)

    class Meta:
        app_label = "books"
        db_table = "invoice"


def held(what, read):
    with transaction.atomic():
        read(Invoice.objects.select_for_update())
        other = pymysql.connect(database="d", **where)
        try:
            other.cursor().execute("SELECT * FROM invoice WHERE number = 2 FOR UPDATE NOWAIT")
            print(what + ": free")
        except OperationalError as error:
            print(what + (": locked" if error.args[0] == 1205 else f": {error}"))
        other.close()


held("first()", lambda rows: rows.filter(number=2).first())
held("exists()", lambda rows: rows.filter(number=2).exists())
held("order_by('-number')[:1]", lambda rows: list(rows.order_by("-number")[:1]))
held("values_list('book').annotate(Max('number'))", lambda rows: list(rows.values_list("book").annotate(Max("number"))))
held("aggregate(Max('number'))", lambda rows: rows.aggregate(Max("number")))
held("count()", lambda rows: rows.count())
PY
"$work/v/bin/python" "$work/held.py" "$port" >"$work/seen" || exit 1
cat "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd' ')" = 'locked locked locked locked free free' ] || { echo "behaves otherwise now" >&2; exit 1; }
