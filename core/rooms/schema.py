"""The tables of rooms, beside those of the training runs: a room's rows go with it.

A change of them is a revision in core/runs/migrations, which makes the tables of both.
"""

from __future__ import annotations

import sqlalchemy as sa

from core.rooms.records import CODE_LENGTH, WORD

meta = sa.MetaData()
rooms = sa.Table(
    "glassbox_rooms",
    meta,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("code", sa.String(CODE_LENGTH), nullable=False, unique=True),
    sa.Column("owner", sa.String(128), nullable=False, index=True),  # the teacher's browser
    sa.Column("opened", sa.Double, nullable=False),
    sa.Column("touched", sa.Double, nullable=False),
    sa.Column("phase", sa.String(16), nullable=False),
    sa.Column("resumes", sa.String(16), nullable=False),  # the phase that was paused, or ""
    sa.Column("closes", sa.Double),  # when the open vote ends; None: not yet said
    sa.Column("version", sa.Integer, nullable=False),  # one more at every change
    sa.Column("prompt", sa.Integer),  # the present one
    sa.Column("talk", sa.Boolean, nullable=False),
    sa.Column("shown", sa.Boolean, nullable=False),
    sa.Column("lead", sa.Text, nullable=False),  # page and query of a link, or ""
    sa.Column("gathered", sa.Integer, nullable=False),
    sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false()),  # nobody new can join
    sa.Column(
        "invitation", sa.String(64), nullable=False
    ),  # a hash of the key that makes a second device teach, or ""
    sa.Column("invited", sa.Double, nullable=False),  # when it was given
    sa.Column("remote", sa.String(64), nullable=False),  # a hash of that device's secret, or ""
)


def _of_room() -> sa.Column[str]:
    return sa.Column("room", sa.ForeignKey("glassbox_rooms.id", ondelete="CASCADE"), primary_key=True)


members = sa.Table(
    "glassbox_members",
    meta,
    _of_room(),
    sa.Column("id", sa.String(32), primary_key=True),  # a hash: the cookie cannot be told from it
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),  # 0: gone
    sa.UniqueConstraint("room", "number"),
)
prompts = sa.Table(
    "glassbox_prompts",
    meta,
    _of_room(),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),  # JSON
    sa.Column("many", sa.Integer, nullable=False),  # how many options
    sa.Column("about", sa.Text, nullable=False),  # the link that it was asked on
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),  # JSON: sent to nobody before it is revealed
)
votes = sa.Table(
    "glassbox_votes",
    meta,
    _of_room(),
    sa.Column("prompt", sa.Integer, primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True),
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("choice", sa.Integer, nullable=False),
    sa.Column("word", sa.String(WORD), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.ForeignKeyConstraint(["room", "member"], [members.c.room, members.c.id], ondelete="CASCADE"),
    sa.ForeignKeyConstraint(["room", "prompt"], [prompts.c.room, prompts.c.n], ondelete="CASCADE"),
)


words = sa.Table(  # what is known of a word that was written, besides who wrote it
    "glassbox_words",
    meta,
    _of_room(),
    sa.Column("prompt", sa.Integer, primary_key=True),
    sa.Column("word", sa.String(3 * WORD), primary_key=True),  # as all its spellings have it
    sa.Column("shown", sa.Boolean, nullable=False),
    sa.Column("token", sa.Text),  # its first token; "": it has none; None: not yet looked up
    sa.Column("probability", sa.Double),
    sa.ForeignKeyConstraint(["room", "prompt"], [prompts.c.room, prompts.c.n], ondelete="CASCADE"),
)
views = sa.Table(  # what members have sent to their teacher, one each
    "glassbox_views",
    meta,
    _of_room(),
    sa.Column("member", sa.String(32), primary_key=True),
    sa.Column("id", sa.String(12), nullable=False),  # drawn at random at each sending: tells nobody's member
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.ForeignKeyConstraint(["room", "member"], [members.c.room, members.c.id], ondelete="CASCADE"),
)
deals = sa.Table(  # sizes that the class trains, one for each member
    "glassbox_deals",
    meta,
    _of_room(),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("spec", sa.Text, nullable=False),  # JSON
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("says", sa.Text, nullable=False),
    sa.Column("member", sa.String(32), nullable=False),  # "": free
    sa.Column("run", sa.String(32), nullable=False),  # "": not started
)

pictures = sa.Table(  # the led view as a finished picture: the last one of each room
    "glassbox_pictures",
    meta,
    _of_room(),
    sa.Column("link", sa.Text, nullable=False),  # of the view that it shows
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # HTML, gzip
)
