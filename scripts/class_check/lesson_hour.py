"""A class held by simulated phones: they join, vote twice, see the answer, and are sent home."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from app.counts import counted
from core.rooms.records import ELSE
from scripts.class_check.browsers import Browser, Reply, State, Stream, Unreachable
from scripts.class_check.findings import Fails, Finding

ARRIVES = 10.0  # seconds in which a change should reach every screen
SLOW = 2.0  # seconds from a tap to the counter from which a class notices
WORD = "kite"  # what those write who take something else
COUNTDOWN = 3.0  # seconds from Close to the end of a vote
BUSY = (
    "Something keeps this machine or its network busy: end other programs, and try a cable in place of Wi-Fi."
)
BUFFERED = (
    "A proxy or a virus scanner between phones and server may hold the events back. It works, but each screen is up to "
    "two seconds late; without the proxy it is not."
)


@dataclass
class Phone:
    """One phone of the class; `number` is what its page shows."""

    browser: Browser
    number: int = 0
    stream: Stream | None = None


@dataclass
class LessonHour:
    """A room and everybody in it.

    Attributes:
        teacher: the browser that opened the room, at its own address.   base: where phones join.
        ask: puts a question to the class.
    """

    teacher: Browser
    base: str
    room: str
    code: str
    ask: Callable[[], object]
    phones: list[Phone] = field(default_factory=list)
    projector: Stream | None = None

    def hold(self, count: int) -> list[Finding]:
        """Hold it with so many phones, up to the answer.

        Raises:
            Fails: something would fail in class. Unreachable: the server is gone.
        """
        found = [self._join(count), *self._listen()]
        opened = time.perf_counter()
        self.ask()
        found.append(self._asked(opened))
        found += self._vote(1)
        self._do("talk")
        self._do("again")
        found += self._vote(2)
        found.append(self._reveal())
        return found

    def end(self) -> Finding:
        """End the room, and see that every screen hears it and nothing is left. Raises Fails, Unreachable."""
        reply = self.teacher.send("DELETE", f"/rooms/{self.room}")
        if reply.status not in (200, 404):
            raise Fails(f"The room could not be ended: {reply.why}.", "It ends by itself after four hours.")
        deaf = [one for one in self._streams() if not one.wait_for_end(ARRIVES)]
        for one in self._streams():
            one.close()
        if deaf:
            raise Fails(f"{counted(len(deaf), 'screen')} did not hear that the room has ended.", BUSY)
        if self.teacher.get(f"/rooms/of/{self.code}").status != 404:
            raise Fails("The room has ended, and its code still leads to it.")
        return Finding("works", "The room has ended on every screen, and nothing of it is left.")

    def close(self) -> None:
        """End the room whatever happened before, and stop listening."""
        for one in self._streams():
            one.close()
        try:
            self.teacher.send("DELETE", f"/rooms/{self.room}")
        except Unreachable:
            return  # the server is gone, and ends the room by itself after four hours

    # ---------------------------------------------------------------------------------------------- step by step

    def _join(self, count: int) -> Finding:
        self.phones = [Phone(Browser(self.base)) for _ in range(count)]
        began = time.perf_counter()

        def joins(phone: Phone) -> Reply:
            phone.browser.get(f"/join/{self.code}", "text/html")
            reply = phone.browser.send("POST", "/rooms/join", {"code": self.code})
            phone.number = int(reply.json.get("number") or 0)
            return reply

        replies = self._all(joins)
        away = [reply for reply in replies if reply.status != 200]
        if away:
            raise Fails(f"{len(away)} of {counted(count, 'phone')} could not join: {away[0].why}.")
        if len({phone.number for phone in self.phones}) < count:
            raise Fails("Two phones were given the same number.")
        return Finding("works", f"{counted(count, 'phone')} joined in {time.perf_counter() - began:.1f} s.")

    def _listen(self) -> list[Finding]:
        self.projector = Stream(self.teacher, self.room, "screen")
        for phone in self.phones:
            phone.stream = Stream(phone.browser, self.room, "member")
        deaf = sum(one.wait(bool, ARRIVES) is None for one in self._streams())
        if deaf:
            raise Fails(
                f"{deaf} of {counted(len(self._streams()), 'screen')} hear nothing from the room.",
                "A proxy between phones and server may hold its events back: try without it.",
            )
        asking = sum(one.asks for one in self._streams())
        if asking:
            said = f"Events do not come through to {counted(asking, 'screen')}: they ask every two seconds instead."
            return [Finding("look", said, BUFFERED)]
        return []

    def _asked(self, opened: float) -> Finding:
        slowest = 0.0
        for one in self._streams():
            at = one.wait(_in("open", 1), ARRIVES)
            if at is None:
                raise Fails("The question did not come to every screen.", BUSY)
            slowest = max(slowest, at - opened)
        early = [state for one in self._streams() for state in one.states() if state.get("answer")]
        if early:
            raise Fails("A screen was told the answer before it was revealed.")
        return Finding(
            "works", f"Asked on the Classroom page, the question was on every screen after {slowest:.1f} s."
        )

    def _vote(self, round: int) -> list[Finding]:
        """Vote, close, and try to vote late; round 2 chooses other options than round 1."""
        projector = self._screen()
        if projector.wait(_in("open", round), ARRIVES) is None:
            raise Fails(f"Vote {round} did not open on the projector.", BUSY)
        state = projector.states()[-1]
        n, options = int(state["n"]), list(state["options"])
        late: list[float] = []

        def votes(phone: Phone) -> Reply:
            choice = (phone.number + round) % len(options)
            return self._choose(phone, n, round, choice, WORD if options[choice] == ELSE else "")

        began = time.perf_counter()
        replies = self._all(votes)
        refused = [reply for reply in replies if reply.status != 200]
        if refused:
            raise Fails(f"{len(refused)} of {len(replies)} votes were refused: {refused[0].why}.")
        for count in range(1, len(self.phones) + 1):
            at = projector.wait(_counts(round, count), ARRIVES)
            if at is None:
                raise Fails(
                    f"Only {count - 1} of {len(self.phones)} votes were counted on the projector.", BUSY
                )
            late.append(at - began)
        if any(state.get("bars") for state in projector.states()):
            raise Fails("The projector showed votes before the teacher did.")
        self._do("close")
        if projector.wait(_in("closed", round), COUNTDOWN + ARRIVES) is None:
            raise Fails("The vote did not close.", BUSY)
        if self._choose(self.phones[0], n, round, 0).status != 409:
            raise Fails("A vote that came too late was counted.")
        return [self._counted(round, late)]

    def _counted(self, round: int, late: list[float]) -> Finding:
        middle, most = statistics.median(late), max(late)
        first = "first" if round == 1 else "second"
        said = (
            f"{counted(len(late), 'vote')} of the {first} vote were on the projector's counter after {middle:.2f} s "
            f"(median), the last after {most:.2f} s; one that came too late was refused."
        )
        return Finding("look", said, BUSY) if most > SLOW else Finding("works", said)

    def _reveal(self) -> Finding:
        self._do("reveal")
        sums: list[Any] = []
        for one in self._streams():
            if one.wait(_in("revealed", 2), ARRIVES) is None:
                raise Fails("The answer did not come to every screen.", BUSY)
            state = one.states()[-1]
            sums.append([sum(bars) if bars else None for bars in state.get("bars") or ()])
            if not state.get("answer"):
                raise Fails("A screen has no answer after it was revealed.")
        enough = len(self.phones) >= 5  # of fewer votes none are shown
        if any(found != [len(self.phones)] * 2 for found in sums) and enough:
            raise Fails(f"The votes of both rounds do not add up on every screen: {sums[0]}.")
        return Finding("works", "Reveal: every screen has the model's answer and the votes of both rounds.")

    # ------------------------------------------------------------------------------------------------ what they share

    def _choose(self, phone: Phone, n: int, round: int, choice: int, word: str = "") -> Reply:
        vote = {"n": n, "round": round, "choice": choice} | ({"word": word} if word else {})
        return phone.browser.send("PUT", f"/rooms/{self.room}/vote", vote)

    def _do(self, act: str) -> None:
        reply = self.teacher.send("POST", f"/rooms/{self.room}/{act}")
        if reply.status != 200:
            raise Fails(f"The button “{act}” was refused: {reply.why}.")

    def _all(self, does: Callable[[Phone], Reply]) -> list[Reply]:
        """Let all phones do something at the same time."""
        with ThreadPoolExecutor(len(self.phones)) as pool:
            return list(pool.map(does, self.phones))

    def _streams(self) -> list[Stream]:
        return [one for one in (self.projector, *(phone.stream for phone in self.phones)) if one is not None]

    def _screen(self) -> Stream:
        assert self.projector is not None
        return self.projector


def _in(phase: str, round: int) -> Callable[[State], bool]:
    return lambda state: (state.get("phase"), state.get("round")) == (phase, round)


def _counts(round: int, votes: int) -> Callable[[State], bool]:
    return lambda state: state.get("round") == round and int(state.get("answered") or 0) >= votes
