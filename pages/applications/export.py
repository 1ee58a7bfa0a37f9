"""Export the Applications page: what its picture is (`FIGURE`), the answer in parts as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.kit.figures import Argument, Asked, Figure, Table
from core.messages import say
from pages.applications import answers, figure, verdict
from pages.applications.answers import LABELS, STORY, Found, Opened, Wish, asked_of
from pages.applications.verdict import Line, Verdict

KEYS = ("spoken", "said")


@dataclass(frozen=True)
class Shown:
    """What a model was asked for, its answer, and what is right about that.

    Attributes:
        name: of the model that answers. why: it does not; then there is no answer.
        spoken: the step, from nothing written on; said: the part of the answer that is looked at; -1: see the fields.
    """

    wish: Wish
    name: str
    why: str
    found: Found | None
    judged: Verdict
    spoken: int
    said: int

    @property
    def another(self) -> bool:
        """Whether another model than the usual one answers."""
        return self.name != self.wish.use.model


def answered(asked: Asked, wish: Wish, opened: Opened | None, name: str, why: str) -> Shown:
    """Compute a model's answer and its verdict; of no model (None), the reason why there is none."""
    found = answers.answer(opened, wish) if opened else None
    judged = verdict.judge(found) if found else Verdict(())
    count = 0 if found is None else len(found.units)
    spoken, said = asked.at_most("spoken", count), asked.at_most("said", max(0, count - 1))
    return Shown(wish, name, why, found, judged, spoken, said)


def look(asked: Asked) -> Shown:
    """Compute the answer of the model that the chosen task has by default."""
    wish = answers.wish(asked.text, asked.values)
    name = wish.use.model

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        return asked.beside(name, function, *arguments)

    return answered(asked, wish, Opened(name, name, asked.open(name), name, call), name, "")


def sentence(shown: Shown) -> str:
    """What is on the picture: what a model was asked, what it answered, and what is right about it."""
    wish, found = shown.wish, shown.found
    failed = shown.why if found is None else found.failed
    if found is None or failed:
        return say("{label} by {name}: {failed}", label=say(wish.use.label), name=shown.name, failed=failed)
    told = " ".join(line.text for line in shown.judged.lines)
    return say(
        "{label} by {name}. Asked: {source} Answered: {written} {told}",
        label=say(wish.use.label),
        name=shown.name,
        source=wish.source,
        written=found.written,
        told=told,
    ).strip()


FIGURE = Figure(
    "applications", figure.applications, look,
    record=lambda shown: figure.record(shown.found, shown.judged) if shown.found
    else figure.missing(shown.wish, shown.name, shown.why),
    select=lambda shown: {"spoken": shown.spoken, "said": shown.said},
    claim=lambda shown: verdict.claim(shown.wish.use, shown.found),
    sentence=sentence,
    table=lambda shown: table(shown.found, shown.judged),
    arguments=(
        Argument("task", "use"), Argument("example", "drawn"), Argument("question", "asks"), Argument("hero", "hero"),
        Argument("scene", "scene"), Argument("code", "begun"), Argument("part", "said"), Argument("step", "spoken"),
    ),
    model=False, tall=460,
    own=lambda shown: say("with {model} in place of {name}", model=shown.wish.use.model, name=shown.name)
    if shown.another else "",
)  # fmt: skip

NAMES = ("part", "text", "p", "reads most", "share of it", "true")


def table(found: Found | None, verdict: Verdict) -> Table:
    """Tabulate the parts of the answer, then the labels of a sentiment and the lines of the verdict.

    Each column holds values of one type: what is neither right nor wrong has none.
    """
    lines: list[tuple[Any, ...]] = []
    if found is not None and not found.failed:
        for at, (first, end) in enumerate(found.units):
            best, share = None, None
            if found.weights is not None and found.weights.shape[1]:
                k = int(np.argmax(found.weights[at]))
                best, share = found.wish.source[slice(*found.read[k])], _round(float(found.weights[at, k]))
            p = None if found.wish.use.name == "code" else _round(found.likely[at])
            lines.append((str(at), found.written[first:end], p, best, share, _true(found, verdict, at)))
        lines += [("label", label, _round(p), None, None, None) for label, p in found.labels]
        lines += [("verdict", line.text, None, None, None, _judged_as(line)) for line in verdict.lines]
    return {name: [line[k] for line in lines] for k, name in enumerate(NAMES)}


def _judged_as(line: Line) -> str | None:
    return None if line.right is None else "right" if line.right else "wrong"


def _true(found: Found, verdict: Verdict, at: int) -> str | None:
    """Find the source words that a written word is truly linked to, or the sentence that tells the answer."""
    if verdict.links:
        return " ".join(found.wish.source[slice(*found.read[i])] for i, j in verdict.links if j == at) or None
    if verdict.sentence >= 0:
        return found.wish.source[slice(*found.read[verdict.sentence])]
    return None


def _round(p: float) -> float:
    return float(f"{p:.6g}")


def cells(opened: Opened | None, found: Found | None, verdict: Verdict) -> list[str]:
    """Write cells that load the model, ask it again and assert what the picture showed."""
    if opened is None or found is None or found.failed:
        return ['# %% The model of this task was not there\nprint("Nothing was computed.")']
    first = f"""# %% The model and what it is asked
import numpy as np

lm = core.load({opened.target!r})
SOURCE = {found.wish.source!r}


def same(now, shown):
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=1e-4)"""
    if found.labelled is not None:
        return [first, _labelled(found)]
    name = found.wish.use.name
    rest = (
        _code(found) if name == "code" else _crossed(found) if found.weights is not None else _sampled(found)
    )
    return [first, rest, *_judged(found, verdict)]


def _labelled(found: Found) -> str:
    """Write the cell that asks a model with a head of classes or spans."""
    assert found.weights is not None
    asked, passage = asked_of(found.wish)
    spans = found.wish.use.name == "question"
    text = passage if spans else found.wish.source[found.wish.first :]
    begins = len(found.wish.source) - len(text)
    parts = tuple((first - begins, end - begins) for first, end in found.read)
    call = f"read_answer(lm, {asked!r}, TEXT)" if spans else "read_class(lm, TEXT)"
    said = "[(one.text, one.probability) for one in found.answers]" if spans else "list(found.labels)"
    shown = [(label, _round(p)) for label, p in found.labels]
    return f"""# %% What it says, and what it attends to in the last block
from core.analysis.tasks.label_reading import {"read_answer" if spans else "read_class"}

TEXT = SOURCE[{begins}:]
found = {call}
said = {said}[:{len(shown)}]
print(said)
assert said[0][0] == {shown[0][0]!r}
same([p for _, p in said], {[p for _, p in shown]})
PARTS = {parts!r}
np.testing.assert_allclose(found.gathered(PARTS), {np.round(found.weights[0], 5).tolist()}, atol=2e-4)"""


def _crossed(found: Found) -> str:
    rule = found.rule
    assert rule is not None and found.weights is not None
    shown = np.round(found.weights, 5).tolist()
    cell = f"""# %% Its answer, and what each part of it reads
from core.analysis.heads.cross_reading import Rule, cross_reading

found = cross_reading(lm, SOURCE, most={found.wish.use.most})
print(found.written)
assert found.written == {found.written!r}
UNITS, READ = {found.units!r}, {found.read!r}
weights = found.gathered(Rule({rule.layer}, {rule.head}, {rule.after}), UNITS, READ)
np.testing.assert_allclose(weights, np.array({shown}).reshape(weights.shape), atol=2e-4)
same(np.prod(found.likely), {float(np.prod(found.likely)):.6g})"""
    if found.labels:
        chances = [_round(p) for _, p in found.labels]
        cell += f"""
from core.analysis.tasks.label_chances import label_chances

chances = label_chances(lm, SOURCE, {LABELS!r})
print(chances)
same([p for _, p in chances], {chances})"""
    return cell


def _sampled(found: Found) -> str:
    use, wish = found.wish.use, found.wish
    return f"""# %% It goes on, by the same draw
said = lm.generate(SOURCE, seed={wish.seed}, max_new_tokens={use.most}, **{STORY!r})
print(said.text)
WRITTEN = {found.written!r}
assert said.text[: len(WRITTEN)] == WRITTEN"""


def _code(found: Found) -> str:
    check = found.check
    assert check is not None
    seed = f", seed={found.wish.seed}" if found.wish.seed else ""
    return f"""# %% The function completed, cut where it ends, and looked at: nothing is run
from core.analysis.tasks.code_scores import DECODING, Task, by_model, complete

done = complete(Task(SOURCE, ""), by_model(lm, **DECODING{seed}))
print(done.code)
assert done.code == {found.written!r}
assert (done.check.parses, done.check.right) == ({check.parses}, {check.right})
assert list(done.check.reasons) == {list(check.reasons)!r}"""


def _judged(found: Found, verdict: Verdict) -> list[str]:
    if not verdict.links:
        return []
    return [
        f"""# %% The links read off attention beside the true ones
from core.analysis.heads.alignment import compared, links

TRUE, POSSIBLE = {list(verdict.links)!r}, {list(verdict.possible)!r}
words = [[text[a:b] for a, b in spans] for text, spans in ((SOURCE, READ), (found.written, UNITS))]
counts = compared(links(weights, *words, {found.share}), TRUE, POSSIBLE)
print("alignment error rate", counts.error)
same(counts.error, {verdict.numbers["error"]:.6g})"""
    ]
