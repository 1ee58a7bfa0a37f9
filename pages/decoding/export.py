"""Export the Decoding page: what its picture is (`FIGURE`), the tree as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.counts import counted
from app.kit import figures
from app.kit.figures import Argument, Figure, Table
from core.decoding.crossing import Texts, crossings, tree_crossing
from core.decoding.exact import Exact
from core.decoding.stages import Next
from core.decoding.tree import Tree
from core.language_model import LanguageModel
from core.messages import say
from pages.decoding import request
from pages.decoding.figure import decoding, record
from pages.decoding.question import HOT, Question, way_to
from pages.decoding.request import PALE, SHOWN, Asked, Request, begins, grown, in_a_row, reader_of
from pages.decoding.verdict import Verdict, judge, path_name, quick_search

if TYPE_CHECKING:
    from app.questions import Answer

Array = np.ndarray[Any, Any]
ROOM = 16  # positions of the context that stay free for what the model writes
KEYS = ("node", "level", "crossing")


@dataclass(frozen=True)
class Seen:
    """One tree of shared passes, and what is said of it.

    Attributes:
        wish: what was asked. reader: the layer and head whose cross-attention is shown; None: the mean of all.
        across: (N, S) what an encoder-decoder's row that says the next token reads of the source; None elsewhere.
        found: by the exact search, where that is done.
        pending: what stands in its place.
    """

    lm: LanguageModel
    label: str  # the model's name in a sentence
    key: str
    wish: Request
    tree: Tree
    found: Exact | None
    pending: str
    verdict: Verdict
    reader: tuple[int, int] | None
    across: Array | None
    beams: int
    seed: int
    selection: dict[str, Any]

    @property
    def tokens(self) -> list[str]:
        """The text's."""
        return [self.lm.tokenizer.display(id) for id in self.wish.asked.ids]

    def judged(self, found: Exact | None, offer: str, pending: str) -> Seen:
        """Judge anew: with what the exact search has found since, and a text that shows a miss."""
        verdict = judge(self.tree, found, self.lm.config.shape, offer, pending)
        return replace(self, found=found, verdict=verdict, pending=pending)


def see(given: figures.Asked) -> Seen:
    """Grow the tree; the exact search only where that is quick."""
    lm, wish = given.lm, request.read(given)
    asked = wish.asked
    tree: Tree = given.call(grown, asked)
    reader = reader_of(lm, int(given.values["crossing"]))

    def read_across(texts: Texts) -> list[Array]:
        read: list[Array] = given.call(crossings, asked.ids, texts, reader)
        return read

    across = None
    if asked.target is not None:
        across = tree_crossing(tree, begins(lm, asked.target), read_across)
    found = quick_search(given, asked, tree.depth)
    return Seen(
        lm, given.label, given.key, wish, tree, found, "", judge(tree, found, lm.config.shape, ""), reader, across,
        int(given.values["beams"]), int(given.values["seed"]), {key: given.values[key] for key in KEYS},
    )  # fmt: skip


def recorded(seen: Seen) -> dict[str, Any]:
    """The tree as JSON."""
    asked = seen.wish.asked
    shown = {
        "tokens": seen.tokens, "target": asked.target, "beams": seen.beams, "seed": seen.seed,
        "forced": bool(asked.forced), "show": seen.wish.show, "across": seen.across,
    }  # fmt: skip
    stamp = "\x1f".join([seen.key, repr(asked), str(seen.reader), seen.pending])
    return record(seen.tree, seen.verdict, seen.lm, shown, stamp)


def sentence(seen: Seen) -> str:
    """What is on the picture: how each way goes on, and how likely its text is."""
    paths = [path for path in seen.tree.paths if path.nodes]
    ends = "; ".join(
        say(
            "{name}: “{text}”, sum of log p {sum}",
            name=path_name(path.name), text=path.text.strip(), sum=f"{path.log_prob:.2f}",
        )
        for path in paths
    )  # fmt: skip
    steps, after = counted(seen.tree.depth, "step"), "".join(seen.tokens[-8:])
    tree = say("{label}, a tree of {steps} after “{text}”.", label=seen.label, steps=steps, text=after)
    return f"{tree} {f'{ends}.' if ends else say('No path is drawn.')}"


FIGURE = Figure(
    "decoding", decoding, see, recorded, lambda seen: seen.selection,
    claim=lambda seen: seen.verdict.claim,
    sentence=sentence,
    table=lambda seen: table(seen.lm, seen.tree, seen.tokens, seen.across),
    arguments=(
        Argument("depth", "depth"), Argument("greedy", "greedy"), Argument("beam", "beam"),
        Argument("sample", "sample"), Argument("beams", "beams"), Argument("penalty", "penalty"),
        Argument("temperature", "temperature"),
        Argument("topk", "topk"), Argument("topp", "topp"), Argument("minp", "minp"), Argument("repeat", "repeat"),
        Argument("seed", "seed"), Argument("force", "force"), Argument("node", "node"), Argument("step", "level"),
        Argument("crossing", "crossing"), Argument("row", "follow"),
    ),
    longest=256, room=ROOM, blank=("source.reads",), tall=640,
)  # fmt: skip


def table(lm: LanguageModel, tree: Tree, text: Sequence[str], across: Array | None = None) -> Table:
    """Tabulate the nodes of the tree, step by step: text, probability, sum of log p, and who goes through each.

    Then what may follow the text, and the text's own tokens.

    Args:
        across: (N, S) what an encoder-decoder's row after each computed node reads of the text; adds a column with what
            was read most to say a line's token.
    """
    lines = sorted(tree.nodes[1:], key=lambda node: (node.depth, -node.sum))
    after = {node.id: tree.nexts[node.next] for node in tree.nodes if node.next >= 0}
    names = [
        "step", "text before", "token", "probability", "warped", "sum of log p", "score", "paths",
        "entropy after it (bits)",
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for node in lines:
        warped = _warped(after[node.parent], node.token_id)
        bits = float(after[node.id].entropy[0]) if node.id in after else None
        who = ", ".join(node.on)
        text_before = in_a_row(lm, way_to(tree, node.parent), tree.slots)
        line = [
            node.depth,
            text_before,
            node.token,
            node.probability,
            warped,
            node.sum,
            node.score,
            who,
            bits,
        ]
        rows.append([*line, *([] if across is None else [most_read(across, tree, node.parent, text)])])
    for rank, token in enumerate(after[0].tokens):
        p = [float(after[0].probabilities[stage, rank]) for stage in (0, -1)]
        rows.append([0, "", token, *p, None, None, "may follow the text", None])
    rows += [[0, "", token, None, None, None, None, "the text", None] for token in text]
    if across is not None:
        names.append("reads most of the text")
        rows = [row if len(row) == len(names) else [*row, None] for row in rows]
    return {name: [row[column] for row in rows] for column, name in enumerate(names)}


def most_read(across: Array, tree: Tree, node: int, text: Sequence[str], count: int = 3) -> str:
    """Say what the row after a node reads most of the source; "" where that was not computed."""
    read = across[tree.nodes[node].next]
    if np.isnan(read).any():
        return ""
    return ", ".join(f"{text[i].strip()} {read[i]:.2f}" for i in np.argsort(-read, kind="stable")[:count])


def _warped(following: Next, token: int) -> float | None:
    """Look up a token's probability after all warpers; None where it is not among those that are told."""
    at = np.flatnonzero(following.ids == token)
    return float(following.probabilities[-1, at[0]]) if len(at) else None


def chosen(tree: Tree, node: str | int) -> tuple[tuple[int, ...], Next]:
    """Follow the way to a node, as far as the model was asked about it; return it and what may follow there.

    Args:
        node: its place in the tree, or the way to it as a link has it ("12.55.7", "." for the prompt).
    """
    if isinstance(node, int):
        return tuple(way_to(tree, node)), tree.nexts[tree.nodes[node].next]
    at, way = 0, list[int]()
    for part in node.split("."):
        below = [each for each in tree.nodes if each.parent == at and str(each.token_id) == part]
        if not below or below[0].next < 0:
            break
        at, way = below[0].id, [*way, below[0].token_id]
    return tuple(way), tree.nexts[tree.nodes[at].next]


def cells(
    load: str,
    asked: Asked,
    tree: Tree,
    found: Exact | None,
    passes: int,
    node: tuple[tuple[int, ...], Next],
    question: Question,
    answer: Answer,
) -> list[str]:
    """Write notebook cells: the tree, every path and the shown distribution asserted, the search, the answer.

    Args:
        load: the call of `core.load` that opens the model, as source.
        passes: what the exact search `found` might take.
        node: the path to the chosen node, and what may follow it.
    """
    arguments = "".join(f"\n    {name}={value!r}," for name, value in asked.arguments().items())
    first = f"""# %% One tree, grown again
import numpy as np
from core.decoding import exact, stages
from core.decoding.tree import grow

lm = {load}
ids = {list(asked.ids)}
tree = grow(
    lm,
    ids,{arguments}
    shown={SHOWN},
    pruned={PALE},
)
assert (tree.passes, tree.together, len(tree.nodes)) == ({tree.passes}, {tree.together}, {len(tree.nodes)})
print(tree.passes, "passes serve all; apart they need", tree.together)"""
    made = [first]
    for path in tree.paths:
        made.append(
            _path(
                path.name,
                list(path.ids),
                [tree.nodes[at].probability for at in path.nodes],
                path.log_prob,
                path.score,
            )
        )
    made.append(_distribution(asked, *node))
    if found is not None and found.texts:
        made.append(_search(asked, tree, found, passes))
    made.append(_answer(asked, question, answer))
    return made


def _path(name: str, ids: list[int], p: list[float], total: float, score: float) -> str:
    return f"""# %% {name}: its probabilities, multiplied
path = tree.path({name!r})
p = [tree.nodes[node].probability for node in path.nodes]
print(repr(path.text), np.round(p, 3), "product", float(np.prod(p)))
assert list(path.ids) == {ids}
assert np.allclose(p, {_listed(p)}, atol=1e-3)
assert np.isclose(np.log(p).sum(), path.log_prob, atol=1e-3)
assert np.allclose([path.log_prob, path.score], {_listed([total, score])}, atol=2e-3)"""


def _distribution(asked: Asked, way: tuple[int, ...], shown: Next) -> str:
    given = _given(asked.place() | asked.warpers())
    count = min(8, len(shown.ids))
    before, after = ([float(p) for p in shown.probabilities[stage, :count]] for stage in (0, -1))
    return f"""# %% What may follow the chosen token: the model's word, and after every warper
following = stages.next_tokens(lm, ids, {list(way)}, shown={SHOWN}{given})
top = {[int(id) for id in shown.ids[:count]]}
at = [following.ids.tolist().index(id) for id in top]
assert np.allclose(following.probabilities[0, at], {_listed(before)}, atol=1e-3)
assert np.allclose(following.probabilities[-1, at], {_listed(after)}, atol=1e-3)
assert np.allclose(following.entropy[[0, -1]], {_listed(shown.entropy[[0, -1]])}, atol=2e-3)
[(following.tokens[k], following.probabilities[:, k].round(3).tolist()) for k in at]"""


def _search(asked: Asked, tree: Tree, found: Exact, passes: int) -> str:
    best = found.texts[0]
    return f"""# %% Is there a likelier text? An exact search
found = exact.best(lm, ids, {tree.depth}, max_passes={passes}, stop_ids=(){_given(asked.place())})
print(found.texts[0], "proven:", found.proven, "passes:", found.passes)
assert found.proven is {found.proven}
assert found.texts[0].ids == {best.ids!r}
assert np.isclose(found.texts[0].log_prob, {best.log_prob:.6g}, atol=2e-3)"""


def _answer(asked: Asked, question: Question, answer: Answer) -> str:
    numbers = {name: value for name, value in answer.numbers.items() if isinstance(value, float)}
    if not question.way:
        given = _given(asked.place() | HOT)
        return f"""# %% The question: a higher temperature
then = stages.next_tokens(lm, ids, (), shown=16{given})
told = [float(then.probabilities[0].max()), float(then.probabilities[-1].max())]
assert np.allclose(told, {_listed(numbers.values())}, atol=1e-3)
assert {answer.index} == (0 if told[1] < told[0] / 2 else 1)"""
    arguments = "".join(f"\n    {name}={value!r}," for name, value in question.asked.arguments().items())
    return f"""# %% The question: the forced token, then the likeliest each time
other = grow(
    lm,
    ids,{arguments}
)
forced, greedy = other.path("forced 1"), other.path("greedy")
told = [other.nodes[forced.nodes[{len(question.way) - 1}]].probability, forced.log_prob, greedy.log_prob]
assert np.allclose(told, {_listed(numbers.values())}, atol=2e-3)
assert {answer.index} == (0 if told[1] > told[2] else 1)"""


def _given(arguments: dict[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in arguments.items())


def _listed(values: Iterable[float]) -> str:
    return "[" + ", ".join(repr(float(f"{value:.5g}")) for value in values) + "]"


def crossing_cell(
    tree: Tree, way: Sequence[int], before: Sequence[int], reader: tuple[int, int] | None, across: Array
) -> str:
    """Write the cell that asserts what the row after the chosen node reads of the source.

    Args:
        way: the tokens that lead to it. before: ids that the decoder had written before the tree.
        reader, across: whose cross-attention, and (N, S) what it reads.
    """
    at = 0
    for id in way:
        at = next(each.id for each in tree.nodes[1:] if (each.parent, each.token_id) == (at, id))
    read = [float(f"{share:.5g}") for share in across[tree.nodes[at].next]]
    check = f"assert np.allclose(read, {read}, atol=1e-3)" if not np.isnan(read).any() else ""
    return f"""# %% What the row that says the next token reads of the source
from core.decoding.crossing import crossings

read = crossings(lm, ids, ({(*before, *way)},), {reader})[0][-1]
for share, id in sorted(zip(read.tolist(), ids), reverse=True)[:5]:
    print(repr(lm.tokenizer.display(id)), round(share, 3))
assert np.isclose(read.sum(), 1, atol=1e-3)
{check}"""
