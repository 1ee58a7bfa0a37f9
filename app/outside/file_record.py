"""What every exported file says of its origin: page, model, text, settings, version and date. No Streamlit in here.

The record is a dictionary of texts. SVG (`<metadata>`), PNG (an iTXt chunk `Glassbox`) and HTML (`<meta>`) hold it as
JSON, a notebook in its metadata, and a CSV in its first line, as a comment. app/kit/export.js writes the files that a
browser saves.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from core.installation import version

if TYPE_CHECKING:
    from app.kit.figures import Asked
    from core.language_model import LanguageModel

Record = dict[str, str]
KEYWORD = "Glassbox"  # of the PNG's chunk
LONGEST_NAME = 60  # characters of a model's name in a file name
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_AFTER_HEADER = 8 + 25  # bytes of a PNG's signature and of its first chunk (PNG specification, 11.2.1)


def describe_file(
    page: str, link: str = "", model: str = "", model_hash: str = "", text: str = "", target: str = ""
) -> Record:
    """Return the record of a file; what is empty is left out.

    Args:
        page: the page's name.
        link: the page's link with all settings, without a server's address.
        model: the model's name, of a run the one that its learner gave it; never a path.
        model_hash: of `hash_weights`.
        text, target: what the model read.
    """
    parts = {
        "page": page, "model": model, "model hash": model_hash, "text": text, "target": target, "link": link,
        "version": f"Glassbox {version()}", "date": datetime.now(UTC).date().isoformat(),
    }  # fmt: skip
    return {key: value for key, value in parts.items() if value}


def describe_picture(page: str, asked: Asked, link: str) -> Record:
    """Return the record of a picture's file; the link has all settings."""
    if asked.model is None:
        return describe_file(page, link, text=asked.text)
    return describe_file(
        page, link, asked.label, asked.call(hash_weights), asked.text, asked.target or ""
    )  # fmt: skip


def hash_weights(lm: LanguageModel) -> str:
    """Return the SHA-256 of a model's weights: of each tensor's name, type, shape and bytes, in the order of names."""
    import torch

    found = hashlib.sha256()
    for name, weight in sorted(lm.transformer.state_dict().items()):
        found.update(f"{name} {weight.dtype} {tuple(weight.shape)}\n".encode())
        found.update(weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return f"sha256:{found.hexdigest()}"


def name_file(page: str, model: str = "") -> str:
    """Return a file's name without its ending: "glassbox-attention-tales-gpt"."""
    model = _NOT_IN_NAMES.sub("-", model).strip("-")[:LONGEST_NAME]
    return "-".join(part for part in ("glassbox", _NOT_IN_NAMES.sub("-", page), model) if part)


def to_json(record: Mapping[str, Any]) -> str:
    """Return the record as JSON in ASCII."""
    return json.dumps(record)


def stamp_csv(table: str, record: Mapping[str, str]) -> str:
    """Put the record above a CSV: "# page=attention&model=tales-gpt&text=A red ball%2C ...".

    `urllib.parse.parse_qs` reads it. It is one cell of a spreadsheet, which is no formula: commas, semicolons, quotes,
    tabs and line ends are percent-encoded.
    """
    parts = (f"{quote(key)}={quote(value, safe=' /:?', errors='replace')}" for key, value in record.items())
    return f"# {'&'.join(parts)}\n{table}"


def stamp_svg(drawing: str, record: Mapping[str, str]) -> str:
    """Put the record into an SVG, as the first element of its root."""
    where = drawing.index(">", drawing.index("<svg")) + 1
    return (
        f"{drawing[:where]}<metadata>{html.escape(to_json(record), quote=False)}</metadata>{drawing[where:]}"
    )


def stamp_png(image: bytes, record: Mapping[str, str]) -> bytes:
    """Put the record into a PNG, in a text chunk (iTXt, uncompressed) behind the header."""
    body = b"iTXt" + KEYWORD.encode() + b"\0\0\0\0\0" + to_json(record).encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return image[:_AFTER_HEADER] + chunk + image[_AFTER_HEADER:]


def stamp(body: Any, ending: str, record: Mapping[str, str]) -> Any:
    """Put the record into a file.

    Args:
        body: text of a CSV or an SVG, bytes of a PNG.
        ending: "CSV", "SVG" or "PNG".
    """
    return {"CSV": stamp_csv, "SVG": stamp_svg, "PNG": stamp_png}[ending](body, record)  # type: ignore[operator]


def to_meta(record: Mapping[str, str]) -> str:
    """Return the record as an element of an HTML document's head."""
    return f'<meta name="glassbox" content="{html.escape(to_json(record))}">'
