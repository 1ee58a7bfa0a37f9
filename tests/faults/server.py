"""A server of the tests' own: a store and an engine from the environment, until its parent goes or kills it.

It prints "ready" when its workers stand, and the ids of the runs that it puts into the queue: one a spec on its input.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Serve until the input ends."""
    from core.runs import Engine, Store
    from core.runs.kinds import read_spec

    engine = Engine(Store())
    engine.start(timeout=200)
    print("ready", flush=True)
    for line in sys.stdin:
        print(engine.submit(read_spec(line), owner="test").id, flush=True)
    engine.close()


if __name__ == "__main__":
    main()
