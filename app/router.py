"""The entry point of every visit and rerun: page settings, navigation, style, then the chosen page."""

from __future__ import annotations

# While a page runs, Streamlit sets this file as __main__; a worker process spawned just then imports it again, as
# __mp_main__, and must draw nothing.
if __name__ != "__mp_main__":
    import streamlit as st

    from app import chapters, runs
    from app.frame import page
    from app.models import turns
    from app.rooms import bar, follow, pictures
    from app.server import limits, metrics
    from app.session import state
    from core.messages import say

    st.set_page_config(
        page_icon=str(chapters.ROOT / "app" / "static" / "logo.svg"),
        layout="wide",
        initial_sidebar_state="locked",
    )
    state.start()
    page.style()
    pages = {"": [page.beside(slug) for slug in page.BESIDE]} | {
        say(section): [page.native(chapter) for chapter in group]
        for section, group in chapters.shown().items()
    }
    chosen = st.navigation(pages, expanded=True)
    st.set_page_config(page_title=f"{chosen.title} · Glassbox")
    bar.draw()
    follow.draw()
    pictures.begin()
    visitor = runs.visitor()
    if limits.slowed.reached(visitor):
        state.note(say(limits.SLOWED))
    with turns.drawing(visitor), metrics.viewed(chosen.url_path or "home"):
        chosen.run()
    state.finish()
    pictures.send()
