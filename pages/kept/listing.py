"""What a server keeps of a visitor, as its settings have it, and what it keeps of this one now."""

from __future__ import annotations

import html
from dataclasses import dataclass

from app import runs
from app.counts import counted
from app.rooms.routes import LASTS
from app.session.owner import YEAR
from app.units import size
from core.messages import say
from core.rooms.records import IDLE, LONGEST
from core.runs.kept import days
from core.runs.limits import Limits
from core.runs.location import COPIES

HOUR, DAY = 3600, 24 * 3600  # seconds
LEFT = 2  # minutes for which Streamlit keeps the session of a page that was closed, in case it comes back


@dataclass(frozen=True)
class Line:
    """A kind of thing that is kept: what it is, where it lies, and until when."""

    what: str
    where: str
    until: str


def lines() -> list[Line]:
    """List all that is kept."""
    here = say("this server’s memory")
    page_closed = say("until the page is closed, and {minutes} more", minutes=counted(LEFT, "minute"))
    cookie, days_kept = say("a cookie of your browser"), round(YEAR / DAY)
    return [
        Line(
            say("A random number by which your browser is known; no name, no account"),
            cookie,
            say("{days} days, or until you forget it below", days=days_kept),
        ),
        Line(say("The language that you chose last"), cookie, say("{days} days", days=days_kept)),
        Line(
            say("Your training runs: settings, names, notes, curves, models, and the own texts that they read"),
            say("this server’s database"),
            _while_runs_stay(),
        ),
        Line(
            say("What you typed and chose on a page"),
            say("its address, and this server’s memory"),
            page_closed,
        ),
        Line(say("Files that you uploaded"), here, page_closed),
        Line(
            say("Results that were computed for a text, without whose it was"),
            here,
            say("until newer ones take their place"),
        ),
        Line(
            say("Your place in a class: a random number, what it voted, wrote and sent"),
            say("a cookie of {hours} hours, and this server’s database", hours=round(LASTS / HOUR)),
            say(
                "until the class ends: {idle} hours after the teacher was here last, or {longest} hours after its "
                "beginning",
                idle=round(IDLE / HOUR), longest=round(LONGEST / HOUR),
            ),
        ),
        Line(
            say("Your network’s address, for the limits that it shares"),
            say(
                "this server’s memory; with a run as a hash that cannot be read back without this server’s key"
            ),
            say("ten minutes; with a run, as long as the run"),
        ),
        Line(say("Your answers in lessons"), say("your browser alone"), say("until you forget them below")),
        *_copies(),
    ]  # fmt: skip


def _while_runs_stay() -> str:
    """Say until when runs and their texts are kept."""
    limits, after = Limits.from_environment(), days()
    if not after:
        return say(
            "until you delete them; the oldest leave beyond {kept} of them. A text stays while somebody’s unfinished "
            "fork of your run reads it",
            kept=limits.kept,
        )
    return say(
        "until you delete them; the oldest leave beyond {kept} of them, and all of them {days} after their end. A text "
        "stays while somebody’s unfinished fork of your run reads it",
        kept=limits.kept, days=counted(after, "day"),
    )  # fmt: skip


def _copies() -> list[Line]:
    count = runs.copies()
    if not count:
        return []
    return [
        Line(
            say("The database as it was before this server was upgraded"),
            say("{files} beside it", files=counted(count, "file")),
            say(
                "until {copies} newer ones are there, or whoever runs this server deletes them",
                copies=COPIES,
            ),
        )
    ]


def table(found: list[Line]) -> str:
    """Write the list as a table."""
    rows = "".join(
        f'<tr><th scope="row">{html.escape(line.what)}</th><td>{html.escape(line.where)}</td>'
        f"<td>{html.escape(line.until)}</td></tr>"
        for line in found
    )
    names = (say("What"), say("Where"), say("How long"))
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    return f'<div class="gb-kept"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def now() -> str:
    """Say what the database keeps of this visitor now."""
    found = runs.kept()
    if found is None:
        return say("What there is of you now cannot be read just now; reload this page in a moment.")
    if not found.runs:
        return say("Of you there is no run in the database now.")
    values = {"runs": counted(found.runs, "run"), "size": size(found.bytes)}
    if not found.texts:
        return say("Of you there are {runs} now; their models take {size}.", **values)
    return say(
        "Of you there are {runs} now, which read {texts} of yours; their models take {size}.",
        **values,
        texts=counted(found.texts, "text"),
    )
