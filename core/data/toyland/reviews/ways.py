"""The ways in which a review says an opinion, by kind: what turns it around and what does not.

``{S}`` and ``{s}`` are the subject, at a sentence's begin and inside it, ``{o}`` the same as an object; ``{it}`` the
subject said again; ``{adj}`` an adjective, ``{past}`` a deed and ``{base}`` its plain form; ``{kin}`` somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Way:
    """A frame: its `kind`, whether it `keeps` what its words mean or turns it around, whether it is `strong`, and
    whether it fits the good words, the bad ones or both."""

    kind: str
    frame: str
    keeps: bool
    strong: bool = False
    fits: Literal["both", "good", "bad"] = "both"

    @property
    def negates(self) -> bool:
        """Whether words of negation stand in it, whatever they do."""
        return self.kind not in _PLAIN


_PLAIN = {"plain", "intense", "agree", "told true"}


def _ways(kind: str, keeps: bool, block: str, strong: bool = False, fits: str = "both") -> tuple[Way, ...]:
    return tuple(
        Way(kind, line.strip(), keeps, strong, fits)  # type: ignore[arg-type]
        for line in block.splitlines()
        if line.strip()
    )


ADJECTIVE = (
    *_ways(
        "plain",
        True,
        """
        {S} is {adj}.
        I find {o} {adj}.
        I must say that {s} is {adj}.
        To me, {s} is {adj}.
        {S} is {adj}, as far as I can see.
        {S} has always been {adj}.
        One word for {o}: {adj}.
        All I can say is that {s} is {adj}.
        {S} turned out {adj}.
        """,
    ),
    *_ways(
        "intense",
        True,
        """
        {S} is very {adj}.
        {S} is really {adj}.
        How {adj} {s} is!
        {S} is truly {adj}.
        {S} is so {adj} that I told everybody.
        {S} is {adj}, and I mean {adj}.
        """,
        strong=True,
    ),
    *_ways(
        "agree",
        True,
        """
        My {kin} calls {o} {adj}, and so do I.
        My {kin} said that {s} was {adj}, and that is true.
        Everybody finds {o} {adj}, and I agree.
        I thought that {s} would be {adj}, and I was right.
        They told me that {s} was {adj}. {It} is.
        """,
    ),
    *_ways(
        "not",
        False,
        """
        {S} is not {adj}.
        {S} is not at all {adj}.
        {S} is not {adj} at all.
        {S} is by no means {adj}.
        No, {s} is not {adj}.
        I do not find {o} {adj}.
        {S} is anything but {adj}.
        {S} is far from {adj}.
        """,
    ),
    *_ways(
        "never",
        False,
        """
        {S} was never {adj}.
        Not for one moment was {s} {adj}.
        {S} has never once been {adj}.
        {S} never looked {adj} to me.
        I never found {o} {adj}.
        """,
        strong=True,
    ),
    *_ways(
        "nobody",
        False,
        """
        Nobody could call {o} {adj}.
        Nobody finds {o} {adj}.
        I would not call {o} {adj}.
        I cannot say that {s} is {adj}.
        It is not true that {s} is {adj}.
        Who would call {o} {adj}? Not me.
        There is nothing {adj} about {o}.
        """,
    ),
    *_ways(
        "wrong",
        False,
        """
        My {kin} calls {o} {adj}. I do not agree.
        My {kin} said that {s} was {adj}, and that is not true.
        Everybody finds {o} {adj}, but they are wrong.
        I thought that {s} would be {adj}, and I was wrong.
        They told me that {s} was {adj}. {It} is not.
        {S} was {adj} at first, but not for long.
        {S} was {adj} once. Not any more.
        """,
    ),
    *_ways(
        "wish",
        False,
        """
        I wish {s} were {adj}.
        If only {s} were {adj}!
        It would have been nice if {s} had been {adj}.
        {S} should have been {adj}.
        I hoped for something {adj}, but {s} is not.
        """,
        fits="good",
    ),
    *_ways(
        "fear",
        False,
        """
        I was afraid that {s} would be {adj}, but no.
        It would have been sad if {s} had been {adj}, but {it} was not.
        I feared that {s} was {adj}, without reason.
        """,
        fits="bad",
    ),
    *_ways(
        "twice",
        True,
        """
        Nobody could say that {s} is not {adj}.
        I cannot say that {s} is not {adj}.
        It is not true that {s} is not {adj}.
        My {kin} says that {s} is not {adj}. I do not agree.
        They told me that {s} was not {adj}. {It} is.
        I thought that {s} would not be {adj}, and I was wrong.
        There is no doubt that {s} is {adj}.
        """,
    ),
    *_ways(
        "most",
        True,
        """
        Nothing could be so {adj} as {o}.
        I have never seen anything so {adj} as {o}.
        Nobody can deny that {s} is {adj}.
        {S} was never anything but {adj}.
        """,
        strong=True,
    ),
)
DEED = (
    *_ways(
        "plain",
        True,
        """
        {S} {past}.
        I must say that {s} {past}.
        It is true that {s} {past}.
        On the first day {s} {past}.
        In the end {s} {past}.
        """,
    ),
    *_ways(
        "intense",
        True,
        """
        Again and again {s} {past}.
        {S} really {past}.
        All week long {s} {past}.
        """,
        strong=True,
    ),
    *_ways(
        "agree",
        True,
        """
        They told me that {s} would {base}. {It} did.
        I thought that {s} would {base}, and I was right.
        My {kin} says that {s} {past}, and that is true.
        """,
    ),
    *_ways(
        "not",
        False,
        """
        {S} did not {base}.
        {S} would not {base}.
        {S} did not {base} at all.
        """,
    ),
    *_ways(
        "never",
        False,
        """
        {S} never {past}.
        {S} never once {past}.
        Not once did {s} {base}.
        I never saw {o} {base}.
        """,
        strong=True,
    ),
    *_ways(
        "nobody",
        False,
        """
        I cannot say that {s} {past}.
        It is not true that {s} {past}.
        Nobody saw {o} {base}.
        """,
    ),
    *_ways(
        "wrong",
        False,
        """
        They told me that {s} would {base}. {It} did not.
        I thought that {s} would {base}, and I was wrong.
        My {kin} says that {s} {past}. I do not agree.
        """,
    ),
    *_ways(
        "twice",
        True,
        """
        They told me that {s} would not {base}. {It} did.
        I thought that {s} would not {base}, and I was wrong.
        Nobody could say that {s} did not {base}.
        """,
    ),
)
# Clauses for contrasts: (kind, adjective, deed, whether they keep what the words mean).
CLAUSES = (
    ("plain", "{s} is {adj}", "{s} {past}", True),
    ("plain", "{s} looks {adj} to me", "I must say that {s} {past}", True),
    ("intense", "{s} is very {adj}", "again and again {s} {past}", True),
    ("intense", "{s} is so {adj}", "{s} really {past}", True),
    ("agree", "everybody finds {o} {adj}", "it is true that {s} {past}", True),
    ("most", "nobody can deny that {s} is {adj}", "nobody can deny that {s} {past}", True),
    ("twice", "I cannot say that {s} is not {adj}", "there is no doubt that {s} {past}", True),
    ("not", "{s} is not {adj}", "{s} did not {base}", False),
    ("not", "{s} is not at all {adj}", "{s} would not {base}", False),
    ("not", "{s} is far from {adj}", "{s} did not {base} at all", False),
    ("not", "{s} is anything but {adj}", "{s} did not {base} once", False),
    ("never", "{s} was never {adj}", "{s} never {past}", False),
    ("never", "I never found {o} {adj}", "I never saw {o} {base}", False),
    ("nobody", "nobody could call {o} {adj}", "I cannot say that {s} {past}", False),
    ("nobody", "I would not call {o} {adj}", "nobody saw {o} {base}", False),
)
# (frame, whether the second clause decides): what the main clause or the one after "but" says is the opinion.
CONTRASTS = (
    ("{A}, but {b}.", True),
    ("{A}. But {b}.", True),
    ("{A}. Still, {b}.", True),
    ("{A}, and yet {b}.", True),
    ("Although {a}, {b}.", True),
    ("Even if {a}, {b}.", True),
    ("{A}. All the same, {b}.", True),
    ("It may be that {a}, but {b}.", True),
    ("{A}, although {b}.", False),
    ("{A}, even if {b}.", False),
    ("What counts is that {a}, even if {b}.", False),
    ("What does it matter that {a}? After all, {b}.", True),
)
# Verdicts as pairs, good and bad, of almost the same words.
VERDICTS = (
    ("I would do it again.", "I would not do it again."),
    ("I am glad about it.", "I am not glad about it."),
    ("I have nothing to complain about.", "I have nothing to praise."),
    ("I am not sorry at all.", "I am sorry, that is all."),
    ("Nobody should miss this.", "Nobody will miss this."),
    ("I would not change a thing.", "I would change everything."),
    ("I told my {kin} all about it, and not as a warning.", "I told my {kin} all about it, as a warning."),
    ("My {kin} wants the same now.", "My {kin} wants something else now."),
    ("There is no reason to complain.", "There is reason to complain."),
    ("This was not a mistake.", "This was a mistake."),
    ("I do not regret it.", "I regret it."),
    ("Do not listen to any complaint.", "Do not listen to any praise."),
)
MIXED = (
    "{S} is sometimes {good} and sometimes {bad}.",
    "{S} is neither {good} nor {bad}.",
    "Half of the time {s} is {good}, and half of the time {bad}.",
    "I cannot say whether {s} is {good} or {bad}.",
    "My {kin} finds {o} {good}, I find {o} {bad}, and both of us are right.",
    "{S} is not {good}, but not {bad} either.",
    "On Sunday {s} was {good}, on Monday {bad}.",
    "{S} is {good} for one and {bad} for another.",
)
