"""Start Glassbox: `streamlit run app/main.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # `streamlit run` puts only app/ on sys.path
    sys.path.insert(0, str(ROOT))

# A child process imports this file again, under the name __mp_main__: it must not start a second server.
if __name__ != "__mp_main__":
    import streamlit as st
    from starlette.middleware import Middleware

    from app import rooms, runs
    from app.kit import modules
    from app.models import cache, turns
    from app.rooms.limits import room_limit
    from app.rooms.routes import routes as routes_of_rooms
    from app.server import development, metrics, stream
    from app.server.below import Below
    from app.server.headers import Headers
    from app.server.limits import Limited
    from app.server.start import lifespan, on_error
    from app.server.uploads import Uploads
    from app.server.websocket_filter import WebSocketFilter
    from app.session.owner import OwnerCookie
    from app.session.visitors import Visitor

    metrics.gauges.watch("model_bytes", "Bytes of models in memory", lambda: cache.held()[0])
    metrics.gauges.watch("turns_waiting", "Steps of long work that wait", turns.waiting)
    app = st.App(
        ROOT / "app" / "router.py",
        routes=[
            *stream.routes(runs.store, runs.starting),
            *routes_of_rooms(rooms.store, runs.engine, room_limit),
            *modules.routes(),
            *metrics.routes(runs.store, runs.workers),
        ],
        middleware=[
            Middleware(Below),
            Middleware(Headers),
            Middleware(Visitor),
            Middleware(Limited, refused=metrics.refused, watch=metrics.gauges.watch),
            Middleware(WebSocketFilter),
            Middleware(OwnerCookie, claim=runs.claim, bare=("/join", "/room/")),
            Middleware(Uploads),
            *([Middleware(development.Reload)] if development.is_on() else []),
        ],
        lifespan=lifespan,
        on_script_error=on_error,
    )
