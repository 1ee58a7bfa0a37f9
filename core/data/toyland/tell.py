"""From happenings to sentences: which telling, what joins what, and what stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from core.data.toyland.cast import draw
from core.data.toyland.discourse import Discourse, Mention
from core.data.toyland.event import EVENTS, Happening
from core.data.toyland.plan import Run
from core.data.toyland.state import Entity, State
from core.data.toyland.template import Slot, Template, parse, parse_lines

OPENERS = parse_lines("""
Soon
A little later,
Before long,
After a while,
A moment later,
Then
Not long after that,
A few minutes later,
""")
BECAUSE = parse_lines("""
{a} {vp} because {why}.
{a} {vp}, for {why}.
Because {why}, {a} {vp}.
{a} {vp}, as {why}.
""")
SO = parse_lines("""
So {a} {vp}.
That was why {a} {vp}.
And so {a} {vp}.
For that reason {a} {vp}.
""")
JOINS = (" and ", " and ", " and then ", ", and then ", " and soon ")
STILL = ("was ", "felt ", "could ", "did not ", "wanted ", "had ")  # what is so does not come "then"
PLAIN = parse("{a} {vp}.")


@dataclass(frozen=True)
class Sentence:
    """One sentence: what it tells, what is true after it, whom and what it mentions; `starts` a paragraph or
    not."""

    text: str
    events: tuple[Happening, ...]
    state_after: State
    mentions: tuple[Mention, ...]
    starts: bool = False


class Teller:
    """Tells the happenings of `run` in order."""

    def __init__(self, run: Run, entities: dict[str, Entity], rng: Random):
        self.run, self.rng = run, rng
        self.discourse = Discourse(entities, rng)
        self.used: set[str] = set()
        self.last_so = -9
        self.sentences: list[Sentence] = []

    def tell(self) -> list[Sentence]:
        """All sentences."""
        index = 0
        while index < len(self.run.happenings):
            starts = index in self.run.breaks
            if starts:
                self.discourse.new_paragraph()
            end = self.sentence(index)
            text, mentions = self.discourse.finish()
            self.sentences.append(
                Sentence(
                    text, tuple(self.run.happenings[index:end]), self.run.states[end - 1], mentions, starts
                )
            )
            index = end
        return self.sentences

    def before(self, index: int) -> State:
        """The state before a happening."""
        return self.run.states[index - 1] if index else self.run.start

    def joinable(self, index: int) -> bool:
        """Whether the happening after `index` exists in the same paragraph and has predicates."""
        following = index + 1
        return (
            following < len(self.run.happenings)
            and following not in self.run.breaks
            and bool(EVENTS[self.run.happenings[following].kind].vps)
        )

    def sentence(self, index: int) -> int:
        """Write one sentence from happening `index` on; the index of the first happening it does not tell."""
        happening = self.run.happenings[index]
        kind = EVENTS[happening.kind]
        if kind.leads and self.joinable(index) and self.rng.random() < 0.7:
            self.part(self.fresh(kind.leads, happening), index)
            self.discourse.put(" ")
            return self.predicate(index + 1, led=True)
        says = self.eligible(kind.says, happening)
        if self.just_told(happening):
            says = tuple(t for t in says if "why" not in t.roles)
        if not kind.vps or (says and self.rng.random() * (len(says) + len(kind.vps)) < len(says)):
            self.part(self.choose(says), index)
            return index + 1
        return self.predicate(index)

    def predicate(self, index: int, led: bool = False) -> int:
        """Write "X did this", perhaps with a cause, an opener or the next thing X did."""
        happening = self.run.happenings[index]
        a = happening.roles["a"]
        following = self.run.happenings[index + 1] if self.joinable(index) else None
        if (
            following
            and following.roles["a"] == a
            and all(map(simple, (happening, following)))
            and self.rng.random() < 0.45
        ):
            if not led and index > 3 and self.rng.random() < 0.15:
                self.opener()
            self.joined(index)
            return index + 2
        chance = self.rng.random()
        reason = self.reason(happening)
        just_told = self.just_told(happening)
        if reason and not just_told and not led and chance < 0.5:
            self.frame(draw(self.rng, BECAUSE), index)
        elif just_told and not led and chance < 0.5 and index - self.last_so > 6:
            self.last_so = index
            self.frame(draw(self.rng, SO), index)
        else:
            if not led and index > 3 and chance > 0.85:
                self.opener()
            self.frame(PLAIN, index)
        return index + 1

    def joined(self, index: int) -> None:
        """Write "X did this and did that"."""
        first, second = (self.run.happenings[at] for at in (index, index + 1))
        opened = bool(self.discourse.text)
        self.discourse.refer(Slot("a"), first.roles, self.before(index))
        self.discourse.put(" ")
        self.part(self.choose(simple(first)), index)
        then = self.choose(simple(second))
        self.discourse.put(" and " if opened or then.source.startswith(STILL) else draw(self.rng, JOINS))
        self.part(then, index + 1)
        self.discourse.put(".")

    def just_told(self, happening: Happening) -> bool:
        """Whether the last sentence told the cause of `happening`."""
        return (
            bool(self.sentences)
            and happening.cause is not None
            and any(self.run.happenings[happening.cause] is event for event in self.sentences[-1].events)
        )

    def opener(self) -> None:
        """Write an adverbial that opens a sentence."""
        self.discourse.put(self.choose(OPENERS).source + " ")

    def frame(self, frame: Template, index: int) -> None:
        """Write `frame`, filling {vp} with a predicate and {why} with the cause."""
        happening = self.run.happenings[index]
        predicate = self.fresh(EVENTS[happening.kind].vps, happening)
        for piece in frame.pieces:
            if isinstance(piece, str):
                self.discourse.put(piece)
            elif piece.role == "vp":  # type: ignore[union-attr]
                self.part(predicate, index)
            elif piece.role == "why":  # type: ignore[union-attr]
                self.why(happening)
            else:
                self.discourse.refer(piece, happening.roles, self.before(index))  # type: ignore[arg-type]

    def part(self, template: Template, index: int) -> None:
        """Write a telling of happening `index`."""
        happening = self.run.happenings[index]
        state = self.before(index)
        if "why" in template.roles:
            left, _, right = template.source.partition("{why}")
            self.discourse.write(parse(left), happening.roles, state)
            self.why(happening)
            self.discourse.write(parse(right), happening.roles, state)
            return
        roles = happening.roles
        if "w" in template.roles or "t" in template.roles:
            roles = {
                **roles,
                "w": "weather:" + state.get("world", "weather"),
                "t": "dayparts:" + state.get("world", "time"),
            }
        self.discourse.write(template, roles, state)

    def reason(self, happening: Happening) -> Template | None:
        """The clause that says why, if the happening has a cause that can be said."""
        if happening.cause is None:
            return None
        return EVENTS[self.run.happenings[happening.cause].kind].reason

    def why(self, happening: Happening) -> None:
        """Write the cause of a happening."""
        reason = self.reason(happening)
        if reason and happening.cause is not None:
            cause = self.run.happenings[happening.cause]
            self.discourse.by_name = frozenset(cause.roles.values()) - {happening.roles.get("a", "")}
            self.discourse.write(reason, cause.roles, self.before(happening.cause))
            self.discourse.by_name = frozenset()

    def eligible(self, templates: tuple[Template, ...], happening: Happening) -> tuple[Template, ...]:
        """The tellings that can be used: those with {why} need a cause."""
        if self.reason(happening):
            return templates
        return tuple(t for t in templates if "why" not in t.roles)

    def fresh(self, templates: tuple[Template, ...], happening: Happening) -> Template:
        """A telling this story has not used yet, if there is one."""
        return self.choose(self.eligible(templates, happening))

    def choose(self, templates: tuple[Template, ...]) -> Template:
        """One of `templates`, preferably new to this story."""
        for _ in range(6):
            template = draw(self.rng, templates)
            if template.source not in self.used:
                break
        self.used.add(template.source)
        return template


def simple(happening: Happening) -> tuple[Template, ...]:
    """The predicates that hold one verb only, so that another may be joined to them."""
    return tuple(t for t in EVENTS[happening.kind].vps if " and " not in t.source and ", " not in t.source)


def whole_text(sentences: list[Sentence]) -> str:
    """The story as one string: spaces between sentences, an empty line between paragraphs."""
    parts: list[str] = []
    for index, sentence in enumerate(sentences):
        parts.append(("\n\n" if sentence.starts else " ") + sentence.text if index else sentence.text)
    return "".join(parts)
