"""The pictures' scripts as ES modules that import each other, served below an address with a hash of their contents.

GET /modules/VERSION/pages/attention/figure.js, and so on for every script of pages/ and app/, and
/modules/VERSION/words/es.json, what they say in another language. The version is a checksum of all of them, so a
browser keeps for good what it has loaded, and loads another version anew. No Streamlit in here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core import messages

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

ROOT = Path(__file__).resolve().parents[2]
_DOCUMENTATION = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/", re.M | re.S)
IMPORT = re.compile(r'^(?:import|export)\b[^"\';]*?["\'](\.[^"\']+)["\'];', re.M)
_LOADER = """
const at = (path) => new URL(path, document.baseURI).href;
for (const path of OTHERS) {
  if (document.head.querySelector(`link[href="${at(path)}"]`)) continue;
  document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: at(path) }));
}
const glassbox = (window.glassbox ??= {});
glassbox.loading = (glassbox.loading ?? 0) + 1; // a page whose pictures are on their way is not drawn yet
const { default: component } = await import(at(FIRST)).finally(() => { glassbox.loading -= 1; });
"""
_FOR_GOOD = "public, max-age=31536000, immutable"


@lru_cache(maxsize=1)
def sources() -> dict[str, str]:
    """Read every script, by its path relative to the repository root, with slashes.

    Comments that document types stay here: they are a sixth of what a browser would load. Lines keep their numbers.
    """
    found = sorted(path for floor in ("app", "pages") for path in (ROOT / floor).rglob("*.js"))
    return {path.relative_to(ROOT).as_posix(): _bare(path.read_text(encoding="utf-8")) for path in found}


def _bare(text: str) -> str:
    return _DOCUMENTATION.sub(lambda comment: "\n" * comment[0].count("\n"), text)


@lru_cache(maxsize=1)
def version() -> str:
    """Hash all scripts and what they say in other languages: 12 hex digits."""
    found = hashlib.sha256(json.dumps(sources(), ensure_ascii=False).encode())
    for path in sorted(messages.FOLDER.rglob("*.po")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def words(language: str, scripts: Collection[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return what scripts say in a language, as app/kit/say.js reads it.

    Args:
        scripts: paths as in `sources`; None: all.
    """
    said = messages.table(language)
    used = messages.used(language)
    paths = set(sources() if scripts is None else scripts)
    return {
        f"{context}\u0004{message}" if context else message: said[context, message]
        for context, message in said
        if not paths.isdisjoint(used[context, message])
    }


def imported(path: str) -> list[str]:
    """Return a script and all that it imports, itself first, as paths."""
    found, waiting = [path], [path]
    while waiting:
        here = waiting.pop()
        for given in IMPORT.findall(sources()[here]):
            there = posixpath.normpath(posixpath.join(posixpath.dirname(here), given))
            if there not in found:
                found.append(there)
                waiting.append(there)
    return found


def loader(path: str) -> str:
    """Return a module that exports a script's default export as `component`, with all its imports preloaded."""
    first, *others = [f"modules/{version()}/{one}" for one in imported(path)]
    return _LOADER.replace("OTHERS", json.dumps(others)).replace("FIRST", json.dumps(first))


def routes() -> list[Route]:
    """Return the routes that serve the scripts."""
    # Starlette comes with the app; a picture outside of it is made of the same scripts.
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    async def script(request: Request) -> Response:
        path = request.path_params["path"]
        if request.path_params["version"] != version() or path not in sources():
            return PlainTextResponse("no such script: load the page again", 404)
        headers = {"Cache-Control": _FOR_GOOD, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                _packed(path), media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"}
            )
        return Response(sources()[path], media_type="text/javascript", headers=headers)

    async def table(request: Request) -> Response:
        language = request.path_params["language"]
        if request.path_params["version"] != version() or language not in messages.LANGUAGES:
            return PlainTextResponse("no such words: load the page again", 404)
        return Response(
            _packed_words(language),
            media_type="application/json",
            headers={"Cache-Control": _FOR_GOOD, "Content-Encoding": "gzip"},
        )

    return [
        Route("/modules/{version}/words/{language}.json", table),
        Route("/modules/{version}/{path:path}", script),
    ]


@lru_cache(maxsize=512)
def _packed(path: str) -> bytes:
    return gzip.compress(sources()[path].encode(), mtime=0)


@lru_cache(maxsize=len(messages.LANGUAGES))
def _packed_words(language: str) -> bytes:
    written = json.dumps(words(language), ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(written.encode(), mtime=0)
