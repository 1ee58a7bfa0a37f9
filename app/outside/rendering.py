"""A picture of a document as SVG or PNG, drawn by a browser of this machine. No Streamlit in here."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from app.outside import browsers

SECONDS = 120  # that a browser may take

# Behind the document's own script: it waits until the picture stands, and writes what is saved into the document.
_SAVES = """<script type="module">
import { shared } from "app/kit/shared.js";
const figure = () => document.querySelector(".gb-figure[data-state]");
while (!figure()) await new Promise((done) => setTimeout(done, 20));
let text = "";
try {
  const made = await shared.exportKIND(figure());
  const bytes = new Uint8Array(await new Blob([made]).arrayBuffer());
  for (const byte of bytes) text += String.fromCharCode(byte);
} finally {
  document.body.append(Object.assign(document.createElement("pre"), { id: "saved", textContent: btoa(text) }));
}
</script>
</body>"""


class NoBrowser(RuntimeError):
    """There is no browser that draws; the text says what to do."""


def _browser() -> str | None:
    """Return the browser that is named, whether it is there or not; else the first that is; None: there is none."""
    found = browsers.candidates(os.environ, shutil.which)
    return os.environ.get(browsers.NAMED) or next((path for path in found if Path(path).exists()), None)


def drawn(document: str, ending: str) -> bytes:
    """Draw the first picture of a document, 1200 pixels wide.

    Args:
        ending: ".svg" or ".png".

    Raises:
        NoBrowser: no Chromium, Chrome or Edge is here, or it draws nothing.
    """
    browser = _browser()
    instead = "or save the picture as HTML, open it, and press SVG or PNG below it."
    if browser is None:
        raise NoBrowser(
            f"An {ending} file is drawn by a browser, and no Chromium, Chrome or Edge was found. Install one, name one "
            f"in {browsers.NAMED}, {instead}"
        )
    whole = document.replace("</body>", _SAVES.replace("KIND", ending[1:].upper()))
    with tempfile.TemporaryDirectory(prefix="glassbox-") as folder:
        page = Path(folder) / "picture.html"
        page.write_text(whole, encoding="utf-8", errors="replace")
        root = (
            ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        )  # else it does not start
        command = [
            browser, "--headless", *root, "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}/profile",
            "--window-size=1232,900", "--virtual-time-budget=30000", "--dump-dom", page.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as why:
            raise NoBrowser(
                f"{browser} draws nothing ({why}). Name another one in {browsers.NAMED}, {instead}"
            ) from None
    found = re.search(rb'<pre id="saved">([^<]+)</pre>', done.stdout)
    if found is None:
        raise NoBrowser(f"{browser} draws nothing. Name another one in {browsers.NAMED}, {instead}")
    return base64.b64decode(found[1])
