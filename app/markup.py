"""Escaped text: `escape` for Streamlit's labels and messages, `inline` for our own HTML.

What a learner types is shown as text everywhere; nothing else may put it on the screen.
"""

from __future__ import annotations

import html
import re

# Word joiner (zero width). Streamlit turns emoji codes, arrows, dashes and bare URLs in a text into something else
# after Markdown is parsed, where a backslash no longer helps; a joiner between the characters does.
_JOINER = "\u2060"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$~:&@=/^\"'])")
_GLUED = re.compile(r"(\\[:@](?=\S)|\\[<>~-](?=\\[>=-])|ww(?=w))")
_MONO = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_NEWLINES = re.compile(r"[\r\n\u2028\u2029\v\f]")


def escape(text: str) -> str:
    """Escape `text` for a Streamlit label or message, so that it reads exactly as it is written."""
    escaped = _MARKDOWN.sub(r"\\\1", _NEWLINES.sub("⏎", text))
    escaped = _GLUED.sub(rf"\1{_JOINER}", escaped)
    # Spaces at the ends would be trimmed, and several in a row would become one.
    return re.sub(r"^ | $|(?<= ) ", "\u00a0", escaped)


def inline(text: str) -> str:
    """Convert `text` to HTML: everything is escaped, and `pieces between backticks` are set in monospace.

    A piece that may itself hold a backtick (a token) is wrapped by `mono`.
    """

    def piece(found: re.Match[str]) -> str:
        inside = found[2] if len(found[1]) == 1 else found[2].removeprefix(" ").removesuffix(" ")
        return f"<code>{inside}</code>"

    return _MONO.sub(piece, html.escape(text, quote=True))


def mono(text: str) -> str:
    """Wrap `text` for `inline` to set in monospace, in more backticks than it holds itself."""
    most = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, pad = "`" * (most + 1), " " if most else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def plain(text: str) -> str:
    """Return `text` without the backticks that `inline` reads as monospace, for a label that has none."""
    return _MONO.sub(
        lambda found: found[2] if len(found[1]) == 1 else found[2].removeprefix(" ").removesuffix(" "), text
    )


def visible(token: str) -> str:
    """Show a token's text as a chip does: a leading space as a faint dot, line ends and tabs as symbols."""
    shown = token.replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍")
    return "·" + shown[1:] if shown.startswith(" ") else shown


def capital(name: int | str) -> str:
    """Capitalize a choice's name for a label: "encoder" as "Encoder"."""
    return str(name).capitalize()
