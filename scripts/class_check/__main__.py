"""Check the evening before whether a class would work: python -m scripts.class_check [--address URL] [--phones 20].

Everything goes over the network address that phones use, through the app's own pages and routes. What cannot be seen
from this machine (a firewall, a Wi-Fi that keeps its guests apart) is said, with a way to try it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.counts import counted
from app.server.launch import HERE
from core.machine import folder
from core.rooms.records import MEMBERS
from scripts.class_check import address, machine, server
from scripts.class_check.browsers import Browser, Unreachable
from scripts.class_check.findings import Fails, Finding, verdict
from scripts.class_check.lesson_hour import LessonHour
from scripts.class_check.teachers_page import PageFailed, TeachersPage

ABOUT = "Check the evening before whether a class would work."
PHONES = 20
ASK = "class.ask"  # the Classroom's button (pages/classroom/room.py)
LOCKED = (
    "Its store ({where}) may be held by another program: end what else uses it, or give this Glassbox a folder of its "
    "own: GLASSBOX_DATA=FOLDER."
)
ONE_PHONE = """\
    1. Start Glassbox as in class (HOST=0.0.0.0 make run), where it does not run already: what this check started has
       ended. With one phone join the network that the class will use, mobile data off, and open
       {address}
    2. It asks for six letters: phones will get through. It loads on and on: the network is in the way. Then
       - let the firewall of this machine accept port {port} (Windows and macOS ask at the first start: allow it;
         on Linux for example: sudo ufw allow {port}/tcp);
       - many school and guest networks keep their devices apart (client isolation): ask for one that does not, or
         open a hotspot on a phone or on this machine and let the class join that;
       - switch off a VPN on this machine or on the phone.
    3. No way: a projector and raised hands do, see docs/teaching.md."""


@dataclass
class Report:
    """What a check has found so far.

    Attributes:
        base: where phones join; "" while that is not known.
    """

    findings: list[Finding] = field(default_factory=list)
    base: str = ""

    def tell(self, findings: Iterator[Finding]) -> None:
        """Print each finding as it comes, and keep it; an error that ends them becomes the last."""
        try:
            for one in findings:
                self._keep(one)
        except Fails as why:
            self._keep(why.finding)
        except Unreachable as why:
            self._keep(Finding("fails", f"The server stopped answering: {why}."))
        except PageFailed as why:
            self._keep(Finding("fails", f"A page failed: {why}."))

    def _keep(self, one: Finding) -> None:
        print(one, flush=True)
        self.findings.append(one)

    @property
    def failed(self) -> bool:
        """Whether something would fail in class."""
        return any(one.level == "fails" for one in self.findings)

    def end(self) -> str:
        """Return the last words: the verdict, and how to try what cannot be seen from here."""
        if self.failed:
            return verdict(self.findings)
        where = urlsplit(self.base)
        port = where.port or (443 if where.scheme == "https" else 80)
        return f"{verdict(self.findings)}\n{ONE_PHONE.format(address=f'{self.base}/join', port=port)}"


def check(running: server.Running, phones: int, report: Report) -> Iterator[Finding]:
    """Hold a class on a server that answers, and yield what is found; what fails ends it.

    Raises:
        Fails: something would fail in class. Unreachable: the server is gone. PageFailed: a page raised.
    """
    teacher = Browser(running.base)
    teacher.get("/", "text/html")  # its cookie
    hour = opened(teacher)
    try:
        hour.base, said = address.joined_at(teacher, hour.code)
        report.base = hour.base
        yield from said
        address.answers(hour.base)
        yield from hour.hold(phones)
        yield hour.end()
    finally:
        hour.close()
    yield from machine.speed(teacher)
    yield from machine.free_memory(running.process)


def opened(teacher: Browser) -> LessonHour:
    """Open a room, whose questions the teacher's page asks. Raises Fails, Unreachable."""
    reply = teacher.send("POST", "/rooms")
    if reply.status != 200:
        raise Fails(f"No room can be opened: {reply.why}", LOCKED.format(where=folder()))
    room, code = str(reply.json["id"]), str(reply.json["code"])
    return LessonHour(teacher, teacher.base, room, code, lambda: _ask(teacher))


def _ask(teacher: Browser) -> None:
    """Press "Ask the class for this token" on the Classroom page. Raises PageFailed, Unreachable."""
    page = TeachersPage(teacher)
    try:
        page.open("classroom")
        page.press(ASK)
    finally:
        page.close()


def everything(options: argparse.Namespace, stack: ExitStack, report: Report) -> Iterator[Finding]:
    """Yield all findings: of the server, of the class that is held on it, and of what there is to teach with."""
    if options.address:
        running = server.taken(options.address)
    else:
        running = stack.enter_context(server.started(options.host, options.port))
    yield Finding("works", running.said)
    yield from check(running, options.phones, report)
    yield from machine.supplies()


def main(arguments: list[str] | None = None) -> int:
    """Run the check; return 0 where a class would work, 1 where something would fail, 130 after Ctrl+C."""
    parser = argparse.ArgumentParser(prog="make check-class", description=ABOUT)
    parser.add_argument("--address", default="", help="of a Glassbox that runs already; else one is started")
    parser.add_argument(
        "--phones", type=int, default=PHONES, help=f"how many phones, 1 to {MEMBERS} ({PHONES})"
    )
    parser.add_argument("--host", default=HERE, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not 1 <= options.phones <= MEMBERS:
        parser.error(f"a room holds 1 to {MEMBERS} phones")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped then, too
    print(
        f"A class of {counted(options.phones, 'simulated phone')} and a projector: about a minute.\n",
        flush=True,
    )
    began, report = time.perf_counter(), Report()
    try:
        with ExitStack() as stack:
            report.tell(everything(options, stack, report))
    except KeyboardInterrupt:
        return 130
    print(
        f"\n{report.end()}\n\nIt took {time.perf_counter() - began:.0f} s; its room is gone, and what it started."
    )
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main())
