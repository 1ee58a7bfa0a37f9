"""Ports for the servers of tests."""

from __future__ import annotations

import random
import socket

# Below what systems hand out by themselves: a port that a server of ours will take in a second, or takes again after
# it was killed, is not given to some client's connection or to another process's server in between.
FIRST, LAST = 20_000, 32_000

_draw = random.SystemRandom()  # two processes of tests that were seeded alike do not try the same ones


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    while True:
        port = _draw.randrange(FIRST, LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
