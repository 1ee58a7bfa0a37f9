"""Health check of a container: python deploy/healthy.py ADDRESS; exit status 0 where it answers, 1 where it does not.

    http://127.0.0.1:8501/healthz   a server: answers with status 200
    tls://127.0.0.1:8786                   a part of the cluster: shakes hands with the cluster's own certificate

Standard library only: it starts every few seconds.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import urllib.request
from urllib.parse import urlsplit

SECONDS = 4.0
TLS = "DASK_DISTRIBUTED__COMM__TLS__"


def answers(address: str) -> str:
    """Return why nothing answers at an address as it should, "" where it does."""
    parts = urlsplit(address)
    try:
        if parts.scheme == "tls":
            shake_hands(parts.hostname or "", parts.port or 0)
        else:
            # Never through a proxy: the address is this container's own.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(address, timeout=SECONDS).close()
    except OSError as why:
        return f"{address}: {why}"
    return ""


def shake_hands(host: str, port: int) -> None:
    """Open a TLS connection as dask's processes do, with the cluster's certificate on both sides. Raises OSError."""
    context = ssl.create_default_context(cafile=os.environ[f"{TLS}CA_FILE"])
    context.check_hostname = False  # dask's peers are known by their authority, not by a name
    context.load_cert_chain(os.environ[f"{TLS}CLIENT__CERT"], os.environ[f"{TLS}CLIENT__KEY"])
    with (
        socket.create_connection((host, port), SECONDS) as plain,
        context.wrap_socket(plain) as secure,
    ):
        secure.recv(1)  # the greeting: a peer that refuses our certificate closes instead


if __name__ == "__main__":
    why = answers(sys.argv[1])
    print(why or "healthy")
    sys.exit(1 if why else 0)
