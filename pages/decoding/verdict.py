"""Judge greedy's text: whether the likeliest token each time gave the likeliest text, and why not.

The tree says so of the texts on it, an exact search of all texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import exp
from typing import TYPE_CHECKING, Any

from app.counts import counted
from app.kit import figures
from core.decoding.exact import Exact
from core.decoding.tree import Path, Tree
from core.messages import mark, mark_of, say, say_of
from pages.decoding.request import DEEPEST, HEAVY, Asked, most_passes, searched, searching

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.controls import work
    from app.frame.page import Context

TINY = 1e-5  # of a sum of log p: float32 adds up to no more

Pieces = list[tuple[str, bool]]  # text, and whether it is a token

PATHS = {  # what a path is called, by its strategy
    "greedy": mark_of("path", "greedy"),
    "beam": mark_of("path", "beam"),
    "sample": mark_of("path", "sample"),
    "forced": mark_of("path", "forced"),
}
CLAIMS = {  # of a model that writes on, and of one that fills blanks; by the kind of verdict
    False: {
        "miss": mark("Taking the likeliest token each time misses the likeliest text."),
        "open": mark("Taking the likeliest token each time can miss the likeliest text."),
        "same": mark("Here, taking the likeliest token each time gives the likeliest text."),
        "found": mark("Here, taking the likeliest token each time gives the likeliest text found."),
    },
    True: {
        "miss": mark("Filling each blank with its likeliest token misses the likeliest text."),
        "open": mark("Filling each blank with its likeliest token can miss the likeliest text."),
        "same": mark("Here, filling each blank with its likeliest token gives the likeliest text."),
        "found": mark("Here, filling each blank with its likeliest token gives the likeliest text found."),
    },
}


def path_name(name: str) -> str:
    """Name a path for the reader: "beam 1", "greedy"."""
    strategy, _, number = name.partition(" ")
    return f"{say_of('path', PATHS[strategy])}{f' {number}' if number else ''}"


@dataclass(frozen=True)
class Verdict:
    """Hold the page's finding.

    kind: "miss" (a path on the tree beats greedy), "hidden" (only the exact search does), "same", or "open".
    claim, facts: the head of the page. best: name of the path with the highest score; "" without paths.
    focus: the node where the texts part (else where the best path was least sure): its distribution tells most.
    pieces: why, in a sentence or two. search: what the exact search says. act: the button beside it.
    """

    kind: str
    claim: str
    facts: str
    best: str
    focus: int
    pieces: Pieces
    search: Pieces
    act: dict[str, Any] | None


def judge(tree: Tree, found: Exact | None, shape: str, offer: str, pending: str = "") -> Verdict:
    """Compare greedy's text with the others on the tree and with what the exact search found.

    Args:
        found: of the same prompt and depth; None where none was run.
        shape: of the model. offer: a text that shows a miss, for one that does not; "" for none.
        pending: what is said in place of the exact search while it is not done.
    """
    greedy = tree.path("greedy")
    paths = [path for path in tree.paths if path.nodes]
    best = max(paths, key=lambda path: path.score, default=None)
    if greedy is not None and best is not None and greedy.score > best.score - TINY:
        best = greedy
    # A text that ended early has nothing to do with the likeliest text of so many tokens.
    whole = best is not None and len(best.nodes) == tree.depth
    likeliest = found.texts[0] if found and found.texts and whole else None
    kind, pieces, act = "open", _open(tree), None
    if greedy is not None and best is not None:
        if best is not greedy:
            kind, pieces = "miss", why(tree, greedy, best)
        elif likeliest is not None and likeliest.log_prob > greedy.log_prob + TINY:
            kind, pieces = "hidden", _hidden()
        else:
            kind, pieces = "same", _same(tree)
    if best and likeliest and likeliest.log_prob > best.log_prob + TINY:
        value = {"path": ".".join(map(str, likeliest.ids))}
        act = {"event": "force", "label": say("Show that text"), "value": value, "about": likeliest.text}
    elif kind in ("same", "open") and offer:
        act = {"event": "example", "label": say("A text it misses"), "value": {}, "about": offer}
    name, focus = (best.name, _focus(tree, greedy, best)) if best else ("", 0)
    claim = _claim(kind, shape, found is not None and found.proven)
    if greedy is not None and best is not None and kind != "open":
        if _pushed(tree, greedy):
            claim = _penalised(kind)
        elif kind == "miss" and best.strategy == "sample":
            claim = say("A lucky draw beats taking the likeliest token each time.")
    search: Pieces = [(pending, False)] if pending else _searched(found, greedy, best) if likeliest else []
    return Verdict(kind, claim, _facts(tree), name, focus, pieces, search, act)


def _parting(greedy: Path, best: Path) -> int | None:
    """Find the first step, from 0, at which two paths take different tokens; None: one begins the other."""
    return next((i for i, pair in enumerate(zip(greedy.ids, best.ids)) if pair[0] != pair[1]), None)


def _focus(tree: Tree, greedy: Path | None, best: Path) -> int:
    before = (0, *best.nodes)  # the node that each token of the path was chosen after
    at = None if greedy is None else _parting(greedy, best)
    if at is not None:
        return before[at]
    asked = [node for node in before if tree.nodes[node].next >= 0]
    return max(asked, key=lambda node: float(tree.nexts[tree.nodes[node].next].entropy[0]))


def why(tree: Tree, greedy: Path, best: Path) -> Pieces:
    """Explain where the two texts part, what greedy saw there, and from which step on the other is ahead."""
    at = _parting(greedy, best)
    if at is None:  # one is the beginning of the other: an end token came
        return [
            (say("One text ends where the other goes on, and each further step costs probability."), False)
        ]
    mine, other = tree.nodes[greedy.nodes[at]], tree.nodes[best.nodes[at]]
    ahead = len(best.nodes)
    for step in range(min(len(best.nodes), len(greedy.nodes)) - 1, at - 1, -1):
        if tree.nodes[best.nodes[step]].sum <= tree.nodes[greedy.nodes[step]].sum:
            break
        ahead = step + 1
    tokens = {"mine": mine.token, "other": other.token}
    chances = {"chance": _chance(mine.probability), "other_chance": _chance(other.probability)}
    if tree.slots:
        first, later = say("Blank {number}", number=at + 1), say("blank {number}", number=ahead)
    else:
        first, later = say("Token {number}", number=at + 1), say("token {number}", number=ahead)
    if pushed := mine.probability < other.probability:
        parting = _pieces(
            mark(
                "{step}: the repetition penalty pushes greedy off {other} ({other_chance}) to {mine} ({chance}), and "
                "greedy never goes back. "
            ),
            tokens, step=first, **chances,
        )  # fmt: skip
    else:
        parting = _pieces(
            mark(
                "{step}: greedy takes {mine} ({chance}, against {other} {other_chance}) and never goes back. "
            ),
            tokens, step=first, **chances,
        )  # fmt: skip
    after = [
        [tree.nodes[node] for node in path.nodes[at + 1 : max(at + 2, min(ahead, at + 5))]]
        for path in (greedy, best)
    ]
    if all(after) and not pushed:
        told = ["\u00a0· ".join(_chance(node.probability) for node in nodes) for nodes in after]
        return parting + _pieces(
            mark(
                "But after {other} the model goes on with {other_next}, after {mine} with {next}: from {step} on, that "
                "text is ahead."
            ),
            tokens, step=later, next=told[0], other_next=told[1],
        )  # fmt: skip
    return [*parting, (say("From {step} on, the other text is ahead.", step=later), False)]


def _pieces(message: str, tokens: Mapping[str, str], **values: object) -> Pieces:
    """Say a message, cut at the places of its tokens.

    Args:
        message: marked. tokens, values: by the names of their places.
    """
    cut = "\0"  # which no message has
    said = say(message, **{name: f"{cut}{name}{cut}" for name in tokens}, **values).split(cut)
    pieces = [(part, False) if at % 2 == 0 else (tokens[part], True) for at, part in enumerate(said)]
    return [piece for piece in pieces if piece[0]]


def _chance(p: float) -> str:
    return f"{p:.2f}" if p >= 0.01 else f"{p:.3f}" if p >= 0.0005 else "<0.001"


def _same(tree: Tree) -> Pieces:
    said = say(
        "Here greedy’s text is the likeliest of all: no less likely step was found to lead to a likelier text."
    )
    if tree.depth < tree.wanted and not tree.slots:
        said += say(" The context ends after {steps}.", steps=counted(tree.depth, "step"))
    return [(said, False)]


def _open(tree: Tree) -> Pieces:
    if not tree.depth:
        said = say("The text fills the whole context: nothing can follow. Shorten it to see the tree grow.")
    else:
        said = say(
            "Switch greedy on, and beam search with 2 beams or more, to see which of them finds the likelier text."
        )
    return [(said, False)]


def _hidden() -> Pieces:
    said = say(
        "No text on the tree is likelier than greedy’s, and yet it is not the likeliest one: the exact search finds "
        "another. More beams may find it too."
    )
    return [(said, False)]


def _pushed(tree: Tree, greedy: Path) -> bool:
    """Test whether greedy somewhere did not take the model's likeliest token: a penalty had changed the order."""
    parents = (0, *greedy.nodes[:-1])
    return any(
        tree.nodes[node].probability
        < float(tree.nexts[tree.nodes[parent].next].probabilities[0].max()) - TINY
        for parent, node in zip(parents, greedy.nodes)
    )


def _penalised(kind: str) -> str:
    if kind == "same":
        return say(
            "The repetition penalty turns greedy off some likeliest tokens, and no likelier text was found."
        )
    return say("The repetition penalty pushes greedy off the likeliest text.")


def _times(ratio: float) -> str:
    digits = 2 if ratio < 2 else 1 if ratio < 10 else 0
    return say("{ratio} times", ratio=f"{ratio:,.{digits}f}")


def _claim(kind: str, shape: str, proven: bool) -> str:
    told = {"miss": "miss", "hidden": "miss", "same": "same" if proven else "found"}.get(kind, "open")
    return say(CLAIMS[shape == "encoder"][told])


def _facts(tree: Tree) -> str:
    """Count the model's passes for the tree, which its searches share."""
    ran = counted(tree.passes, "run of the model", "runs of the model")
    count, apart = len(tree.apart), f"{tree.together:,}"
    if count < 2:
        return ran if count else ""
    if count == 2:
        return say("{runs} for both searches; one by one they take {apart}", runs=ran, apart=apart)
    if count == 3:
        return say("{runs} for all three; one by one they take {apart}", runs=ran, apart=apart)
    return say("{runs} for all; one by one they take {apart}", runs=ran, apart=apart)


def _searched(found: Exact | None, greedy: Path | None, best: Path | None) -> Pieces:
    """Say what the exact search found about the best text on the tree."""
    if found is None or best is None or not found.texts:
        return []
    top, passes = found.texts[0], counted(found.passes, "pass")
    if top.log_prob > best.log_prob + TINY:
        times = _times(exp(top.log_prob - (greedy or best).log_prob))
        if greedy:
            gain = say("{times} as likely as greedy’s", times=times)
        else:
            gain = say("{times} as likely as the best here", times=times)
        if found.proven:
            said = say("An exact search ({passes}) finds a text {gain}: ", passes=passes, gain=gain)
        else:
            said = say(
                "An exact search finds a text {gain}, and stopped after {passes} before it could prove it the best: ",
                passes=passes,
                gain=gain,
            )
        return [(said, False), (top.text, True)]
    if not found.proven:
        said = say(
            "An exact search found none likelier in {passes}, and stopped before it could prove it.",
            passes=passes,
        )
        return [(said, False)]
    if best.name.startswith("forced"):
        whose = say("your text")
    else:
        whose = say("greedy’s text") if best is greedy else say("{name}’s text", name=path_name(best.name))
    said = say(
        "An exact search ({passes}) proves {whose} the likeliest of all that are this long.",
        passes=passes,
        whose=whose,
    )
    return [(said, False)]


# ------------------------------------------------------- the exact search: at once where quick, else with a bar

JOB = "decoding"


def possible(depth: int) -> bool:
    """Test whether so few tokens are asked for that the passes can prove something."""
    return 0 < depth <= DEEPEST


def quick_search(given: figures.Asked, asked: Asked, depth: int) -> Exact | None:
    """Search where that is done at once; None elsewhere, and where it could prove nothing of so many tokens."""
    if not possible(depth) or given.lm.n_parameters > HEAVY:
        return None
    found: Exact = given.call(searched, asked.ids, depth, tuple(asked.place().items()))
    return found


@dataclass(frozen=True)
class Search:
    """Search exactly for the likeliest text of as many tokens as the tree has levels, with a bar where it takes long.

    This alone needs the app; the picture is drawn outside of it, too.
    """

    ctx: Context
    asked: Asked
    depth: int

    @property
    def possible(self) -> bool:
        """Test whether so few tokens are asked for that the passes can prove something."""
        return possible(self.depth)

    @property
    def quick(self) -> bool:
        """Test whether the search is done at once, without a bar."""
        return self.ctx.lm.n_parameters <= HEAVY

    @cached_property
    def known(self) -> Exact | None:
        """Return what the search found; None: not yet, or nothing is searched. It begins without being asked to."""
        if not self.possible:
            return None
        if self.quick:
            return quick_search(self.ctx.asked, self.asked, self.depth)
        if self._job.until is None:
            self._job.wait(self._job.total)
        last = self._job.measured.results[-1:]
        return last[0] if last and isinstance(last[0], Exact) else None

    @property
    def pending(self) -> str:
        """Say what stands in place of the result; "" where there is nothing to wait for."""
        if not self.possible or self.quick or self.known is not None:
            return ""
        if self._job.until:
            return say("An exact search for a likelier text is under way: the bar below says how far it is.")
        return say("The exact search for a likelier text was stopped: it goes on by the button below.")

    def buttons(self) -> DeltaGenerator | None:
        """Draw the button that stops the search or goes on; return the place of its bar."""
        if not self.possible or self.quick:
            return None
        return self._job.buttons(say("Search for the likeliest text"))

    def go_on(self, slot: DeltaGenerator | None) -> None:
        """Run what is left of the search. Called at the end of the page."""
        if self.possible and not self.quick:
            self._job.go_on(slot, self._job.total, whole=self.known is not None)

    @property
    def _job(self) -> work.Shared:
        from app.controls import work

        lm, ids, place = self.ctx.lm, self.asked.ids, tuple(self.asked.place().items())
        key = repr(("exact search", self.ctx.model_key, ids, self.depth, place))
        make = work.anew(partial(searching, lm, ids, self.depth, place))
        return work.Shared(JOB, key, most_passes(lm), say("passes of the exact search"), make, about=True)
