#!/bin/sh
# Brings a backup of deploy/backup.sh back: sh deploy/restore.sh backups/monday
# All but the database stops meanwhile; what the database holds now is replaced.
set -eu
cd "$(dirname "$0")/.."
folder=${1:?name the folder of a backup, for instance backups/monday}
compose=${COMPOSE:-docker compose}
[ -s "$folder/database.dump" ] && [ -s "$folder/data.tar.gz" ] || { echo "$folder is no backup" >&2; exit 1; }
others=$($compose config --services | grep -v -x database)
$compose stop $others
$compose exec -T database pg_restore --username glassbox --dbname glassbox --clean --if-exists --no-owner \
	--single-transaction <"$folder/database.dump"
$compose run --rm --no-deps -T server restore - <"$folder/data.tar.gz"
$compose up --detach
