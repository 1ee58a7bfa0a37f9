"""Export the Positions page: what its picture is (`FIGURE`), its numbers as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.analysis.positions.rotation import one_by_distance
from core.analysis.stacks import Stack
from core.config import Position
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.positions.figure import WHAT, badge, chosen, positions, record, title
from pages.positions.kinds import BIASES, SPAN, TABLES, Seen, Where, see
from pages.positions.order import Order, see_order

if TYPE_CHECKING:
    from app.questions import Answer
    from pages.positions.question import Question

KEYS = ("row", "col", "number", "stage")
PLACES: dict[Stack | None, str] = {  # a head, by the stack of an encoder-decoder
    None: mark("block {block}, head {head}"),
    "encoder": mark("encoder block {block}, head {head}"),
    "decoder": mark("decoder block {block}, head {head}"),
}


@dataclass(frozen=True)
class Shown:
    """One kind of position on the text, the text in another order, and what is chosen."""

    lm: LanguageModel
    label: str  # the model's name in a sentence
    kind: Position
    where: Where
    begins: int  # the position of the first token
    seed: int  # of the other order
    seen: Seen
    order: Order
    pair: tuple[int, int]  # the rows of the chosen query and key
    head: int
    place: str  # the block and head that are looked at, in words
    selection: dict[str, Any]

    @property
    def own_head(self) -> bool:
        """Whether a head of the model itself is shown."""
        return self.kind == "rotary" and self.seen.source == "own"


def look(asked: Asked) -> Shown:
    """Collect what the chosen kind shows."""
    config, stack = asked.lm.config, asked.stack
    kind = cast("Position", config.position if asked.values["kind"] == "own" else asked.values["kind"])
    where = Where(stack, asked.block, asked.head)
    begins, seed = int(asked.values["begins"]), int(asked.values["draw"])
    seen: Seen = asked.call(see, asked.text, asked.target, kind, where, begins)
    order: Order = asked.call(see_order, asked.text, asked.target, seed)
    last = len(seen.ids) - 1
    pair = chosen(asked.followed(len(seen.ids), last), asked.at_most("col", last), last)
    own = kind == "rotary" and seen.source == "own"
    head = (
        where.head if kind not in BIASES else min(where.head, len(seen.bias.values) - 1 if seen.bias else 0)
    )
    place = say("head {head}", head=head)
    if own:
        place = say(PLACES[stack if asked.both else None], block=where.block, head=where.head)
    selection = {key: asked.values[key] for key in KEYS} | {"row": pair[0]}
    return Shown(asked.lm, asked.label, kind, where, begins, seed, seen, order, pair, head, place, selection)


def sentence(shown: Shown) -> str:
    """What is on the picture: the kind, whose it is, and the chosen tokens."""
    seen, word, (row, col) = shown.seen, shown.lm.tokenizer.display, shown.pair
    whose, _ = badge(shown.lm, seen, shown.place)
    first, second = (
        say("“{token}” at {position}", token=visible(word(seen.ids[at])), position=shown.begins + at)
        for at in (row, col)
    )
    return say(
        "{model}, {tokens}. {kind} positions, {whose}: {what}. Chosen: {first} and {second}.",
        model=shown.label, tokens=counted(len(seen.ids), "token"), kind=title(seen.kind), whose=whose,
        what=say(WHAT[seen.kind]), first=first, second=second,
    )  # fmt: skip


FIGURE = Figure(
    "positions", positions, look,
    record=lambda shown: record(
        shown.lm, shown.seen, shown.order, shown.place, shown.head, shown.begins, shown.pair
    ),
    select=lambda shown: shown.selection,
    claim=lambda shown: say("Attention alone sees a bag of words; positions give it order."),
    sentence=sentence,
    table=lambda shown: table(shown.lm, shown.seen, shown.order, shown.head, shown.begins, shown.pair),
    arguments=(
        Argument("kind", "kind"), Argument("begins", "begins"), Argument("layer", "block"), Argument("head", "head"),
        Argument("row", "row"), Argument("col", "col"), Argument("number", "number"), Argument("step", "stage"),
        Argument("seed", "draw"), Argument("stack", "stack"),
    ),
    longest=24, writes=True, tall=640,
)  # fmt: skip

FIRST = 8  # numbers of a token's row in the table; the CSV of all would be long


def table(
    lm: LanguageModel, seen: Seen, order: Order, head: int, begins: int, pair: tuple[int, int]
) -> Table:
    """Tabulate the numbers of the tokens' positions, of pairs, by distance, and of the text in another order."""
    word = lm.tokenizer.display
    row, col = pair
    lines: list[tuple[Any, ...]] = []

    def note(what: str, of: Any, number: Any, value: float, other: float | None = None) -> None:
        whose = None if of is None else str(of)  # one type a column
        lines.append((what, whose, number, _digits(value), None if other is None else _digits(other)))

    for at, i in enumerate(seen.ids):
        lines.append(("token", f"{begins + at} {word(i)}", i, None, None))
        if seen.kind in TABLES and seen.waves is not None:
            for n, c in enumerate(seen.columns[:FIRST]):
                note("position vector", begins + at, c, seen.waves[seen.rows[at], n])
        if seen.kind == "none":
            for c in range(FIRST):
                note("token vector", begins + at, c, seen.embed[at, c])
    if seen.turning is not None:
        found = seen.turning.pairs(row, col)
        for n, value in enumerate(found.products):
            note(
                "product of a pair of numbers",
                f"{begins + row} and {begins + col}",
                n,
                value,
                seen.turning.angles[row, n],
            )
        for c, value in enumerate(seen.turning.scores[row]):
            note("q · k", f"{begins + row} and {begins + c}", None, value)
        if seen.source == "own":
            for n, value in enumerate(one_by_distance(seen.turning, row, col, SPAN - 1).mean[: 2 * FIRST]):
                note(
                    "q · k of this pair, were it so far apart", f"{begins + row} and {begins + col}", n, value
                )
    if seen.alike is not None:
        for c, value in enumerate(seen.alike[row]):
            note("cosine", f"{begins + row} and {begins + c}", None, value)
    if seen.by is not None:
        for d, mean, spread in zip(seen.by.distances, seen.by.mean, seen.by.spread):
            note("by distance: mean, spread", None, int(d), mean, spread)
    if seen.bias is not None:
        for at, values in enumerate(seen.bias.values):
            for d, value in zip(seen.bias.distances[-2 * FIRST :], values[-2 * FIRST :]):
                note("added to a score", f"head {at}", int(d), value)
    for way in order.found.ways:
        for at, change in enumerate(way.change):
            note(f"other order, {way.way}: change", f"{at} {word(order.found.ids[at])}", None, change)
        for i in order.likeliest(way):
            note(f"other order, {way.way}: p before, after", word(i), i, way.before[0, i], way.after[0, i])
    names = ("what", "of", "number", "value", "second value")
    return dict(zip(names, (list(column) for column in zip(*lines))))


def cells(
    load: str, given: Mapping[str, Any], seen: Seen, where: Where, order: Order, seed: int, begins: int,
    pair: tuple[int, int], question: Question, answer: Answer, below: str,
) -> list[str]:  # fmt: skip
    """Write cells that compute the picture's numbers again.

    Args:
        load: the call that loads the model, as source.
        given: TEXT and, of an encoder-decoder, TARGET.
        seed: of the order. below: the cell of what stands below the picture.
    """
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    target = "TARGET" if "TARGET" in given else "None"
    first = f"""# %% {seen.kind}: {"the model's own" if seen.source == "own" else "not the model's own"}
import numpy as np
from core.analysis.positions.shuffle import shuffle
{_imports(seen)}

lm = {load}
{values}STACK = {where.stack!r}


def same(now, shown, tolerance=2e-4):
    np.testing.assert_allclose(np.ravel(now), np.array(shown, dtype=float), rtol=5e-3, atol=tolerance)


trace = lm.trace(TEXT, {target})
print(lm.config.position, trace.tokens)
{_kind(seen, where, begins, pair, target)}"""
    return [first, _order(order, seed, target), below, _question(question, answer, target)]


def _imports(seen: Seen) -> str:
    tiny = "from core.analysis.positions.tiny import tiny_bias, tiny_table\n"
    if seen.kind in TABLES:
        return (
            tiny
            + "from core.analysis.positions.tables import model_table, similarity_by_distance, sinusoidal"
        )
    if seen.turning is not None:
        return "from core.analysis.positions.rotation import one_by_distance, plain_turning, score_by_distance, turning"
    return tiny + "from core.analysis.positions.distance_bias import alibi_bias, distance_bias"


def _kind(seen: Seen, where: Where, begins: int, pair: tuple[int, int], target: str) -> str:
    row, col = pair
    if seen.kind in TABLES and seen.waves is not None and seen.by is not None:
        last = seen.start + len(seen.waves)
        made = {"own": "model_table(lm, STACK)", "tiny": "tiny_table()"}.get(
            seen.source, f"sinusoidal({last}, lm.config.d_model)"
        )
        columns = list(seen.columns[:FIRST])
        return f"""table = {made}
same(table[{seen.start + seen.rows[row]}, {columns}], {_numbers(seen.waves[seen.rows[row], :FIRST])})
alike = similarity_by_distance(table[{seen.start}:{last}])
same(alike.mean, {_numbers(seen.by.mean)})
same(alike.spread, {_numbers(seen.by.spread)})"""
    if seen.turning is not None and seen.by is not None:
        attention = "encoder" if where.stack == "encoder" else "self"
        own = f'turning(lm, TEXT, {where.block}, {where.head}, attention="{attention}", target={target}, trace=trace)'
        width = f"plain_turning({len(seen.ids)}, {2 * len(seen.turning.rates)}, lm.config.rope_theta)"
        return f"""found = {own if seen.source == "own" else width}.begun_at({begins})
print(found.written({row}, 0))
same(found.pairs({row}, {col}).products, {_numbers(seen.turning.pairs(row, col).products)}, 2e-3)
same(found.scores[{row}], {_numbers(seen.turning.scores[row])}, 5e-3)
same(score_by_distance(found, {SPAN - 1}).mean, {_numbers(seen.by.mean)}, 5e-3)
same(one_by_distance(found, {row}, {col}).mean[{abs(row - col)}], {_number(_apart(seen, pair))}, 5e-3)"""
    if seen.bias is not None:
        far = int(-seen.bias.distances[0]) + 1
        causal = "" if len(seen.bias.distances) == far else ", causal=False"
        made = (
            f"distance_bias(lm, {far}, STACK)" if seen.source == "own"
            else f"alibi_bias(lm.config.n_heads, {far}{causal})" if seen.kind == "alibi" else f"tiny_bias({far})"
        )  # fmt: skip
        return f"""bias = {made}
assert len(bias.distances) == {len(seen.bias.distances)}
same(bias.values[:, {far - 12}:{far + 1}], {_numbers(seen.bias.values[:, far - 12 : far + 1])})"""
    prefix = "" if where.stack is None else f"{where.stack}."
    return f"""same(trace["{prefix}hook_embed"].detach()[{row}, :{FIRST}], {_numbers(seen.embed[row, :FIRST])})"""


def _apart(seen: Seen, pair: tuple[int, int]) -> float:
    """Compute the score of the chosen query and key as many positions apart as they are, the query last."""
    assert seen.turning is not None
    return float(one_by_distance(seen.turning, *pair).mean[abs(pair[0] - pair[1])])


def _order(order: Order, seed: int, target: str) -> str:
    asserted = "\n".join(
        f"same(found.way({way.way!r}).change, {_numbers(way.change)}, 1e-3)"
        + ("" if order.token < 0 else f"\nsame(p(found.way({way.way!r})), {_numbers(order.pair(way))})")
        for way in order.found.ways
    )
    asked = f"""

def p(way):
    return [rows[{order.row}, {order.token}] for rows in (way.before, way.after)]

"""
    return f"""# %% The same tokens in another order
found = shuffle(lm, TEXT, seed={seed}, target={target}, keep_last={order.kept})
print([found.tokens[at] for at in found.order])
{asked if order.token >= 0 else ""}
for way in found.ways:
    print(way.way, "the same" if way.same else "not the same", way.change.round(3))
{asserted}"""


def _question(question: Question, answer: Answer, target: str) -> str:
    names = {"moved": "as it is", "without": "without positions"}
    told = {names[name]: _digits(float(value)) for name, value in answer.numbers.items()}
    return f"""# %% The question: another order, read with positions and without
asked = shuffle(lm, TEXT, seed={question.seed}, target={target}, keep_last={question.keep_last})
for way, shown in {told!r}.items():
    print(way, asked.way(way).change.mean())
    same(asked.way(way).change.mean(), [shown], 1e-3)"""


def _digits(value: float) -> float:
    return float(f"{float(value):.8g}")


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _numbers(values: Any) -> str:
    return "[" + ", ".join(_number(value) for value in np.ravel(values)) + "]"
