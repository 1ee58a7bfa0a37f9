"""A picture of a document as SVG or PNG, drawn by a browser of this machine. No Streamlit in here."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from app.outside import browsers
from app.outside.standalone import POLICY

SECONDS = 120  # that a browser may take

# Behind the document's own script: it waits until the picture stands, and sends what is saved to whoever asked for it.
# In the browser's own time: its virtual time runs on while another of its processes still makes the picture's pixels.
_SAVES = """<script type="module">
import { shared } from "app/kit/shared.js";
const figure = () => document.querySelector(".gb-figure[data-state]");
while (!figure()) await new Promise((done) => setTimeout(done, 20));
let made = "";
try {
  made = await shared.exportKIND(figure());
} finally {
  await fetch("saved", { method: "POST", body: new Blob([made]) });
}
</script>
</body>"""


class NoBrowser(RuntimeError):
    """There is no browser that draws; the text says what to do."""


class _Drawing:
    """A document on its way to a browser, and what comes back.

    Attributes:
        page: the document, encoded.
        saved: what the browser sent; empty: its script failed.
        came: whether it has sent it.
        path: where the document lies; nobody else on this machine can guess it.
    """

    def __init__(self, document: str) -> None:
        self.page = document.encode("utf-8", errors="replace")
        self.saved = b""
        self.came = threading.Event()
        self.path = f"/{secrets.token_urlsafe()}/"

    @contextmanager
    def served(self) -> Iterator[str]:
        """Answer a browser of this machine at the address that is yielded."""
        drawing = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == drawing.path
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(drawing.page if found else b"")

            def do_POST(self) -> None:
                found = self.path == f"{drawing.path}saved"
                if found:
                    drawing.saved = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204 if found else 404)
                self.end_headers()
                if found:
                    drawing.came.set()

            def log_message(self, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), name="drawing", daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}{self.path}"
            finally:
                server.shutdown()


def _browser() -> str | None:
    """Return the browser that is named, whether it is there or not; else the first that is; None: there is none."""
    found = browsers.candidates(os.environ, shutil.which)
    return os.environ.get(browsers.NAMED) or next((path for path in found if Path(path).exists()), None)


@contextmanager
def _open(browser: str, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Open an address without a window, with a profile of its own; closed when the block ends."""
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # else it does not start
    with tempfile.TemporaryDirectory(prefix="glassbox-", ignore_cleanup_errors=True) as profile:
        command = [
            browser, "--headless", *root, "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}",
            "--window-size=1232,900", address,
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            yield process
        finally:
            if hasattr(os, "killpg"):  # Debian's command is a script that starts the browser: the two of them
                with suppress(ProcessLookupError):  # ended by themselves
                    os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()


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
    drawing = _Drawing(whole.replace(POLICY, f"{POLICY}; connect-src 'self'"))
    why = ""
    try:
        with drawing.served() as address, _open(browser, address) as process:
            end = time.monotonic() + SECONDS
            while not drawing.came.wait(0.1):
                if (code := process.poll()) is not None:
                    why = f" (it ended with exit code {code})"
                    break
                if time.monotonic() > end:
                    why = f" (within {SECONDS} seconds)"
                    break
    except OSError as error:
        why = f" ({error})"
    if not drawing.saved:
        raise NoBrowser(f"{browser} draws nothing{why}. Name another one in {browsers.NAMED}, {instead}")
    return drawing.saved
