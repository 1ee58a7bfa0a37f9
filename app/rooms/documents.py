"""The pages of phone and projector: two small documents whose scripts are ES modules of this folder.

They are served beside the app and are no Streamlit pages: thirty phones are thirty connections, and no sessions.
Each is in the language that is spoken where it is made (core/messages.py), and so are its scripts (app/kit/say.js).
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from app import theme
from app.kit import modules
from app.rooms.addresses import Joining, in_language
from core.messages import mark, say, spoken

HERE = Path(__file__).resolve().parent
SCRIPTS = {name: f"app/rooms/{name}.js" for name in ("phone", "screen", "remote")}
NO_SCRIPT = mark("This page needs JavaScript.")


def phone(code: str, deep: bool) -> str:
    """Return the phone's page.

    Args:
        code: as the address has it; "" asks for it.   deep: whether the address has one.
    """
    return _document(say("Glassbox: join"), "phone", {"code": code}, "../" if deep else "./")


def remote(code: str) -> str:
    """Return the page of the teacher's phone; its key stands in the address's fragment."""
    return _document(say("Glassbox: remote"), "remote", {"code": code}, "../../")


def screen(id: str, code: str, where: Joining) -> str:
    """Return the projector's page of a room, with the way in as a QR code."""
    given = {"room": id, "code": code, "address": where.typed, "trouble": where.trouble}
    return _document(say("Glassbox: class"), "screen", given, "../../", qr(in_language(where.join(code))))


def nothing(why: str, retry: str = "", again: int = 0) -> str:
    """Return a page that says why there is no other.

    Args:
        retry: the text of a link that asks for the same page again; "" for none.
        again: seconds until it is loaded anew by itself; 0: never.
    """
    said = html.escape(why[:1].upper() + why[1:])
    anew = f'<meta http-equiv="refresh" content="{again}">' if again else ""
    link = f'<p><a href="">{html.escape(retry)}</a></p>' if retry else ""
    return f"""<!doctype html>
<html lang="{spoken()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{anew}<title>Glassbox</title>
<style>{_style()}</style>
</head>
<body><main class="gb-phone"><h1>Glassbox</h1><p role="status">{said}.</p>{link}</main></body>
</html>
"""


def qr_image(address: str) -> str:
    """Draw an address as a QR code: the address of an image, dark on light in either theme."""
    import segno

    drawn: str = segno.make(address, error="m").svg_data_uri(
        border=2, dark="#000", light="#fff", omitsize=True
    )
    return drawn


def qr(address: str) -> str:
    """Draw an address as a QR code: an SVG element that says what it is."""
    import segno

    drawn: str = segno.make(address, error="m").svg_inline(
        border=2, dark="#000", light="#fff", omitsize=True, title=say("QR code of {address}", address=address)
    )
    return drawn


def _document(title: str, script: str, given: Mapping[str, str], base: str, inside: str = "") -> str:
    data = html.escape(json.dumps(given), quote=True)
    source = f"modules/{modules.version()}/{SCRIPTS[script]}"
    return f"""<!doctype html>
<html lang="{spoken()}" data-language="{spoken()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<base href="{base}">
<link rel="icon" href="app/static/logo.svg">
<style>{_style()}</style>
</head>
<body>
<main class="gb-{script}" data-component="class_{script}" data-given="{data}">
{inside}<noscript>{say(NO_SCRIPT)}</noscript>
</main>
<script type="module" src="{source}"></script>
</body>
</html>
"""


@lru_cache(maxsize=1)
def _style() -> str:
    faces = (("Inter", "inter"), ("JetBrains Mono", "jetbrains-mono"))
    fonts = "".join(
        f"@font-face{{font-family:'{name}';font-weight:100 800;font-display:swap;"
        f"src:url(app/static/fonts/{file}-latin-wght-normal.woff2)}}"
        for name, file in faces
    )
    sheet = (HERE / "documents.css").read_text(encoding="utf-8")
    tokens = "".join(
        f"--gb-{name}:light-dark({light},{dark});" for name, (light, dark) in theme.TOKENS.items()
    )
    root = f":root{{color-scheme:light dark;{tokens}--gb-sans:{theme.SANS};--gb-mono:{theme.MONO};}}"
    return f"{fonts}{root}\n{sheet}"
