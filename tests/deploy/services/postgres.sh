#!/bin/sh
# Begins as the official image does: makes the database that the variables POSTGRES_* name, once, then serves it.
set -eu
data=/var/lib/postgresql/data
[ "${1:-}" = postgres ] && shift
as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }

if [ ! -s "$data/PG_VERSION" ]; then
	chown postgres:postgres "$data"
	# shellcheck disable=SC2086
	as initdb --pgdata "$data" --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --auth-local trust \
		$POSTGRES_INITDB_ARGS
	echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
	as pg_ctl --pgdata "$data" --wait --options "-c listen_addresses=''" start
	as createdb --username "$POSTGRES_USER" "$POSTGRES_DB"
	as pg_ctl --pgdata "$data" --wait stop
fi
mkdir -p /var/run/postgresql && chown postgres:postgres /var/run/postgresql
exec setpriv --reuid postgres --regid postgres --init-groups postgres -D "$data" "$@"
