#!/bin/sh
# Makes what only this installation knows, once: the database's password, the cluster's certificate. What is there stays.
# The files may be read by everybody, so that the containers' users can; the folder is closed to all but its owner.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets certificates backups
chmod 700 secrets backups

if [ ! -s secrets/database_password ]; then
	openssl rand -hex 24 >secrets/database_password
	echo "secrets/database_password: made"
fi

if [ ! -s secrets/cluster.pem ] || [ ! -s secrets/cluster.key ]; then
	openssl req -x509 -newkey rsa:3072 -nodes -days 1825 -subj /CN=glassbox \
		-keyout secrets/cluster.key -out secrets/cluster.pem 2>/dev/null
	echo "secrets/cluster.pem, secrets/cluster.key: made, good for five years"
fi

chmod 444 secrets/database_password secrets/cluster.pem secrets/cluster.key
chmod 755 certificates
