"""What a room is made of, its limits, and the errors of its store."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from core.messages import mark, say

Phase = Literal["lobby", "open", "closed", "revealed", "paused"]
PHASES: tuple[Phase, ...] = ("lobby", "open", "closed", "revealed", "paused")
Kind = Literal["predict", "next"]  # a page's question, or the next token
KINDS: tuple[Kind, ...] = ("predict", "next")

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; no Y; no letter that looks like another one
CODE_LENGTH = 6

MEMBERS = 200  # of one room
PROMPTS = 60
ROUNDS = 2
DEALT = 60  # sizes that are offered at a time
OPTIONS = 9  # of one prompt
ELSE = mark("something else")  # the last option of a question about a token: who takes it writes a word
ROOMS = 300  # of one store at a time
BETWEEN = 0.5  # seconds between two taps of one member: two votes a second
COUNTDOWN = 3.0  # seconds from Close to the end of a vote
IDLE = 4 * 3600.0  # seconds without a touch after which a room ends
LONGEST = 12 * 3600.0  # seconds after which a room ends in any case
INVITED = 600.0  # seconds in which a second device may come to teach
PRESENT = 40.0  # seconds since its last sign of life in which a member counts as here

QUESTION = 1_000  # characters
OPTION = 200
WORD = 20
LINK = 30_000
ANSWER = 8_000  # characters of its JSON
PICTURE = 3_000_000  # bytes, packed


class RoomError(ValueError):
    """An error about a room that its reader can act on."""


class NoSuchRoom(RoomError):
    """Raised where a code or an id names no room, or one that has ended: the two look alike."""


class NotTheTeacher(RoomError):
    """Raised where somebody who has not opened the room tries to teach in it."""


class NotNow(RoomError):
    """Raised for what the room's phase does not allow: a late vote, a second question before the first ends."""


class TooMuch(RoomError):
    """Raised where a limit is reached: members, prompts, rooms, or votes in a second."""


@dataclass(frozen=True)
class Room:
    """A room as the store has it now.

    Attributes:
        code: six letters that let anybody join.
        phase: "lobby" before and between questions; of a question "open", "closed", "revealed"; "paused".
        resumes: the phase that goes on after a pause, "" without one.
        closes: seconds until the open vote ends; None: nobody has closed it.
        version: one more at every change.
        prompt: the number of the present question, from 1; None before the first.
        talk: whether members are asked to talk to each other; shown: whether the projector shows the bars of the votes.
        lead: page and query of the teacher's link, or "".
        gathered: how often the teacher has called all back to it.
        locked: whether nobody new can join.
    """

    id: str
    code: str
    owner: str = field(repr=False)
    phase: Phase
    resumes: str
    closes: float | None
    version: int
    prompt: int | None
    talk: bool
    shown: bool
    lead: str
    gathered: int
    locked: bool


@dataclass(frozen=True)
class Counted:
    """A vote that was let in.

    Attributes:
        choice: the option that counts, from 0.   version: of the room, the first that has this vote.
    """

    choice: int
    version: int


@dataclass(frozen=True)
class Answer:
    """The model's answer to a prompt.

    Attributes:
        index: the right option, or of a next token the true one; None: nothing says which is right.
        because: its cause; evidence: the numbers.
        probabilities: of a next token, the model's, option by option; () otherwise.
    """

    index: int | None
    because: str = ""
    evidence: str = ""
    probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """A question to the class.

    Attributes:
        n: its number in the room, from 1.
        about: the link of the page that it was asked on.
        round: 1, or 2 once it was asked again.
        answer: the model's; None: a prompt without one.
    """

    n: int
    kind: Kind
    question: str
    options: tuple[str, ...]
    about: str
    round: int
    answer: Answer | None

    @property
    def typed(self) -> bool:
        """Whether its last option asks for a word."""
        return self.kind == "next"


@dataclass(frozen=True)
class WordShown:
    """What is known of a written word besides who wrote it.

    Attributes:
        shown: whether the projector shows it: it does once the teacher has said so.
        token: the first token of it as the model reads it; "" if it has none, None before that was looked up.
        probability: what the model gave to that token; None without one.
    """

    shown: bool = False
    token: str | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Word:
    """A word that members wrote in place of an option.

    Attributes:
        key: what is equal in all its spellings; text: its most frequent spelling.
        votes: how many wrote it, round by round.   shown, token, probability: as in `WordShown`.
    """

    key: str
    text: str
    votes: tuple[int, ...]
    shown: bool = False
    token: str | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Dealt:
    """A size that was dealt to the class.

    Attributes:
        member: who has it, "" for nobody; says: what it is.
        state: of its run (`Run.state`), "" before it was started, "gone" once it was deleted.
    """

    member: str = field(repr=False)
    says: str
    state: str


@dataclass(frozen=True)
class Look:
    """A room, its present prompt and the votes on that, read at one moment.

    Who chose what is known to `own` alone: everything else is a count.

    Attributes:
        numbers: the number of each member; here: the members who are present.
        picture: the fingerprint of the led view's finished picture, "" while there is none.
        sent: how many views members have sent.
        deals: the sizes that the class trains.
    """

    room: Room
    prompt: Prompt | None
    numbers: Mapping[str, int] = field(repr=False, default_factory=dict)
    here: frozenset[str] = field(repr=False, default=frozenset())
    picture: str = ""
    _votes: Mapping[int, Mapping[str, int]] = field(
        repr=False, default_factory=lambda: MappingProxyType({})
    )  # round -> member -> choice
    _words: Mapping[int, Mapping[str, str]] = field(
        repr=False, default_factory=lambda: MappingProxyType({})
    )  # round -> member -> the word that it wrote, "" for none
    _of_words: Mapping[str, WordShown] = field(repr=False, default_factory=lambda: MappingProxyType({}))
    sent: int = 0
    deals: tuple[Dealt, ...] = field(repr=False, default=())

    def own(self, member: str) -> list[int | None]:
        """Return what a member chose, round by round, up to the present one."""
        rounds = 0 if self.prompt is None else self.prompt.round
        return [self._votes.get(one, {}).get(member) for one in range(1, rounds + 1)]

    def bars(self, round: int) -> list[int]:
        """Count the votes of a round, option by option."""
        if self.prompt is None:
            return []
        counts = Counter(self._votes.get(round, {}).values())
        return [counts[option] for option in range(len(self.prompt.options))]

    @property
    def answered(self) -> int:
        """How many have voted in the present round."""
        return 0 if self.prompt is None else len(self._votes.get(self.prompt.round, {}))

    def own_words(self, member: str) -> list[str]:
        """Return the words that a member wrote, round by round; "" where it chose an option that was offered."""
        rounds = 0 if self.prompt is None else self.prompt.round
        return [self._words.get(one, {}).get(member, "") for one in range(1, rounds + 1)]

    @property
    def words(self) -> list[Word]:
        """The words that were written, with how many wrote each; the most written first."""
        return words_of(self._words, 0 if self.prompt is None else self.prompt.round, self._of_words)

    @property
    def asked(self) -> int:
        """How many could have: those who are here, and those who voted and have left."""
        voted = {} if self.prompt is None else self._votes.get(self.prompt.round, {})
        return len(self.here.union(voted))


def words_of(
    words: Mapping[int, Mapping[str, str]], rounds: int, known: Mapping[str, WordShown]
) -> list[Word]:
    """Count the words that were written; the most written first.

    Those that differ only in case or spaces are one, as most wrote it.

    Args:
        words: round -> member -> the word that it wrote, "" for none.
        rounds: how often was asked.   known: of the words, by their keys.
    """
    asked = range(1, rounds + 1)
    written: dict[str, Counter[str]] = {}
    for word in (word for round in asked for word in words.get(round, {}).values() if word):
        written.setdefault(same(word), Counter())[word] += 1
    counts = {round: Counter(map(same, words.get(round, {}).values())) for round in asked}
    found = []
    for key, spellings in written.items():
        text = min(spellings, key=lambda one: (-spellings[one], one.swapcase()))  # of equals without capitals
        of = known.get(key, WordShown())
        votes = tuple(counts[round][key] for round in asked)
        found.append(Word(key, text, votes, of.shown, of.token, of.probability))
    return sorted(found, key=lambda one: (-one.votes[-1], -sum(one.votes), one.key))


@dataclass(frozen=True)
class Asking:
    """A question that is to be put to a class.

    Raises:
        RoomError: it is too long, or has fewer than two options, or too many.
    """

    question: str
    options: tuple[str, ...]
    about: str = ""
    answer: Answer | None = None
    kind: Kind = "predict"

    def __post_init__(self) -> None:
        """Check it."""
        if self.kind not in KINDS:
            raise RoomError(f"{self.kind!r} is no kind of question")
        if not self.question.strip() or len(self.question) > QUESTION:
            raise RoomError(
                say(
                    "a question has 1 to {most} characters, and this one {count}",
                    most=f"{QUESTION:,}",
                    count=f"{len(self.question):,}",
                )
            )
        if not 2 <= len(self.options) <= OPTIONS:
            raise RoomError(
                say(
                    "a question has 2 to {most} options, and this one {count}",
                    most=OPTIONS,
                    count=len(self.options),
                )
            )
        if any(not option.strip() or len(option) > OPTION for option in self.options):
            raise RoomError(say("an option has 1 to {most} characters", most=OPTION))
        if self.kind == "next" and self.options[-1] != ELSE:
            raise RoomError(f"the last option of a question about a token is {ELSE!r}")
        if len(self.about) > LINK:
            raise RoomError(
                say(
                    "a link has at most {most} characters, and this one {count}",
                    most=f"{LINK:,}",
                    count=f"{len(self.about):,}",
                )
            )
        answer = self.answer
        if answer is not None and answer.index is not None and not 0 <= answer.index < len(self.options):
            raise RoomError(f"the answer is option {answer.index}, of {len(self.options)}")
        if answer is not None and answer.probabilities and len(answer.probabilities) != len(self.options):
            raise RoomError(f"{len(answer.probabilities)} probabilities for {len(self.options)} options")


def cleaned(word: str) -> str:
    """Return a written word as it is kept: one line of at most 20 characters, all of them visible.

    Characters that turn the writing direction, join, or are none are left out: they are no part of a word, and make
    two words look like one.
    """
    read = unicodedata.normalize("NFC", word[: 8 * WORD])
    kept = (one for one in read if one.isspace() or not unicodedata.category(one).startswith("C"))
    visible = " ".join("".join(kept).split())
    return visible[:WORD].strip()


def same(word: str) -> str:
    """Return what all spellings of a word have in common: its letters without case and spaces."""
    return "".join(word.casefold().split())


def described(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON."""
    return {
        "index": answer.index, "because": answer.because, "evidence": answer.evidence,
        "probabilities": list(answer.probabilities),
    }  # fmt: skip
