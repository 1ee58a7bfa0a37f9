"""Tabs for tests: some kept for each app and emptied between two tests, or one in a browser of its own.

A tab that has shown the app before opens a page in half the time of a new one, which reads and compiles all scripts
again. To a test an emptied tab is a new visitor's: no cookies, no storage, no routes, a desktop in light.
What a test cannot take back by `empty` (a script for every page, say) belongs into a `fresh` tab.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

from tests.browser import driver

USES = 40  # of a tab, before a new one takes its place: what scripts leave in memory goes with it


@dataclass
class _Kept:
    page: Page
    uses: int = 0
    taken: bool = False  # a test has it: who asks for a second visitor's gets another


_kept: WeakKeyDictionary[Browser, dict[str, list[_Kept]]] = WeakKeyDictionary()


@contextmanager
def opened(
    browser: Browser,
    server: driver.Server,
    findings: driver.Findings | None = None,
    owner: str | None = None,
    *,
    fresh: bool = False,
) -> Iterator[Page]:
    """An empty tab, whose end fails when the console, a script or the network complained.

    Args:
        findings: where complaints are collected, for whoever provokes and clears one; None: a new list.
        owner: the id of the browser whose training runs it may command; None: a new one.
        fresh: in a browser of its own, which is closed afterwards.
    """
    findings = findings or driver.Findings()
    kept = None if fresh else _taken(browser, server)
    tab = driver.new_context(browser, server).new_page() if kept is None else kept.page
    if owner is not None:
        tab.context.add_cookies([driver.owner_cookie(server, owner)])
    unwatch = findings.watch(tab, server.url)
    try:
        yield tab
    finally:
        unwatch()
        if kept is None:
            tab.context.close()
        else:
            kept.taken = False
    assert not findings.messages, "\n".join(findings.messages)


def _taken(browser: Browser, server: driver.Server) -> _Kept:
    """A tab of this app that nobody has, emptied; a new one where there is none, or it is closed, lost or old."""
    all_kept = _kept.setdefault(browser, {}).setdefault(server.url, [])
    kept = next((one for one in all_kept if not one.taken), None)
    if kept is not None and (kept.uses >= USES or not _emptied(kept.page)):
        kept.page.context.close()
        all_kept.remove(kept)
        kept = None
    if kept is None:
        kept = _Kept(driver.new_context(browser, server).new_page())
        all_kept.append(kept)
    kept.uses += 1
    kept.taken = True
    return kept


def _emptied(page: Page) -> bool:
    """Whether the tab is as new: False where it cannot be made so."""
    try:
        page.unroute_all(behavior="ignoreErrors")
        if page.url.startswith("http"):
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.goto("about:blank")
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.context.clear_cookies()
        page.set_viewport_size(driver.DESKTOP)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        return True
    except BrowserError:
        return False
