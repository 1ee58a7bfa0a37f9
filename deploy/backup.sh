#!/bin/sh
# Backs up a running Glassbox of compose.yaml into a new folder: sh deploy/backup.sh backups/monday
# database.dump is PostgreSQL's, in one consistent state; data.tar.gz the keys and models of the data folder.
set -eu
cd "$(dirname "$0")/.."
folder=${1:?name a new folder, for instance backups/monday}
compose=${COMPOSE:-docker compose}
umask 077
mkdir -p "$(dirname "$folder")"
mkdir "$folder.part"
$compose exec -T database pg_dump --username glassbox --format custom glassbox >"$folder.part/database.dump"
$compose exec -T server glassbox backup - >"$folder.part/data.tar.gz"
cp -R secrets .env "$folder.part/"
mv "$folder.part" "$folder"
echo "$folder: $(du -sh "$folder" | cut -f1). It holds keys and texts: keep it where only you can read it."
