"""Export the Norm and residual page: what its picture is (`FIGURE`), ledger and norm as a table, notebook cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.analysis.stream.norm_wiring import Wired
from core.language_model import LanguageModel
from core.messages import say
from pages.norm_residual.figure import (
    NAMES,
    Place,
    Seen,
    chosen_line,
    claim,
    kind_shown,
    name_of,
    norm_residual,
    record,
    see,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.questions import Answer

KEYS = ("line", "block", "number", "follow", "written")


@dataclass(frozen=True)
class Shown:
    """One token's ledger, and the line and norm that are chosen in it."""

    lm: LanguageModel
    label: str  # the model's name in a sentence
    stamp: str
    seen: Seen
    wanted: str  # "own", "layer" or "rms": the norm that is taken apart
    place: Place  # where the norm of the chosen line stands
    selection: dict[str, Any]

    @property
    def kind(self) -> str | None:
        """Which norm is taken apart; None: none."""
        return kind_shown(self.place, self.wanted)


def look(asked: Asked) -> Shown:
    """Follow one token: the chosen one, the first mask, or the last."""
    ids, mask = asked.lm.tokenizer.encode(asked.text), asked.lm.config.mask_id
    wanted, follow = str(asked.values["norm"]), int(asked.values["follow"])
    row = follow if follow >= 0 else ids.index(mask) if mask in ids else -1
    try:
        seen: Seen = asked.share(see, asked.text, asked.target, asked.stack, row)
    except ValueError:  # a position of another text, or of the other stack
        seen = asked.share(see, asked.text, asked.target, asked.stack, -1)
    block = asked.block if asked.blocks else 0
    line = chosen_line(seen, str(asked.values["line"]), block)
    stamp = "\x1f".join([asked.key, asked.text, str(asked.target), str(asked.stack), str(seen.book.row)])
    selection = {key: asked.values[key] for key in KEYS}
    selection |= {"block": block, "follow": asked.at_most("follow", len(seen.ids) - 1)}
    return Shown(asked.lm, asked.label, stamp, seen, wanted, seen.places[line], selection)


def sentence(shown: Shown) -> str:
    """What is on the picture: how long the token's stream is, who wrote most of it, what it predicts."""
    book, word = shown.seen.book, shown.lm.tokenizer.display
    token = visible(word(shown.seen.ids[book.row]))
    most = max(book.entries, key=lambda entry: float(np.linalg.norm(entry.written)))
    said = say(
        "{model}, row {row} “{token}”: {lines} add up to a stream {length} long; {line} writes most, {written}.",
        model=shown.label, row=book.row, token=token, lines=counted(len(book.entries), "line"),
        length=f"{np.linalg.norm(book.final):.2f}", line=name_of(most),
        written=f"{np.linalg.norm(most.written):.2f}",
    )  # fmt: skip
    if shown.seen.top is None:
        return said
    top, probability = visible(word(shown.seen.top)), f"{shown.seen.probability:.3f}"
    return f"{said} " + say("It predicts “{token}” {probability}.", token=top, probability=probability)


FIGURE = Figure(
    "norm_residual", norm_residual, look,
    record=lambda shown: record(shown.lm, shown.seen, shown.wanted, shown.stamp),
    select=lambda shown: shown.selection,
    claim=lambda shown: claim(shown.lm.config),
    sentence=sentence,
    table=lambda shown: table(shown.lm, shown.seen, shown.place, shown.kind, ()),
    arguments=(
        Argument("layer", "block"), Argument("line", "line"), Argument("row", "follow"), Argument("number", "number"),
        Argument("step", "written"), Argument("norm", "norm"), Argument("stack", "stack"),
    ),
    longest=64, tall=620,
)  # fmt: skip

MOST = 16  # numbers of the norm in the table


def table(lm: LanguageModel, seen: Seen, place: Place, kind: str | None, ways: Sequence[Wired]) -> Table:
    """The ledger's lines and their sum, the chosen norm's numbers, every token's scale, the block wired both ways."""
    names = (
        "what",
        "of",
        "length written",
        "length at the end",
        "cosine",
        "sum so far",
        "logit",
        "in",
        "out",
    )
    logit = seen.direct.parts if seen.direct else {}
    lines: list[tuple[Any, ...]] = [
        ("ledger", entry.name, _short(np.linalg.norm(entry.written)), _short(entry.norm), _short(entry.cosine),
         _short(entry.running), _short(logit[entry.name]) if logit else None, None, None)
        for entry in seen.book.entries
    ]  # fmt: skip
    length = _short(np.linalg.norm(seen.book.final))
    total = _short(seen.logit) if logit else None
    lines.append(("ledger", "sum", None, length, 1.0, length, total, None, None))
    if seen.direct is not None and seen.direct.rest:
        lines.append(("last biases", "sum", *[None] * 4, _short(seen.direct.rest), None, None))
    if kind is not None:
        steps = place.steps[kind]
        mean = None if steps.mean is None else _short(steps.mean[0, 0])
        lines += [
            (f"{NAMES[kind]} {place.name}", "mean taken off", *[None] * 5, mean, None),
            (f"{NAMES[kind]} {place.name}", "divided by", *[None] * 5, _short(steps.scale[0, 0]), None),
        ]
        lines += [
            (f"{NAMES[kind]} {place.name}", f"number {i}", *[None] * 5, _short(x), _short(y))
            for i, (x, y) in enumerate(zip(steps.x[0, :MOST], steps.output[0, :MOST]))
        ]
    lines += [
        ("scale of a token", f"{at} {lm.tokenizer.display(i)}", *[None] * 5, _short(scale), None)
        for at, (i, scale) in enumerate(zip(seen.ids, place.scales))
    ]
    lines += [
        (f"{way.wiring}-norm, rms", where, *[None] * 6, _short(size))
        for way in ways
        for where, size in way.steps
    ]
    return dict(zip(names, (list(column) for column in zip(*lines))))


def _short(value: Any) -> float:
    return float(f"{float(value):.7g}")


def cells(
    load: str, given: Mapping[str, Any], seen: Seen, place: Place, kind: str | None, ways: Sequence[Wired], block: int,
    blocks: int, answer: Answer,
) -> list[str]:  # fmt: skip
    """Cells that write the ledger again, take the norm apart, and answer the question.

    Args:
        load: the call that loads the model, as source.
        given: TEXT, ROW, STACK and, of an encoder-decoder, TARGET.
        ways: the open block wired both ways; empty where there is nothing to wire.
    """
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    target = "TARGET" if "TARGET" in given else "None"
    entries = seen.book.entries
    made = [
        f"""# %% The ledger of one token: every line, adding up to the last row of the stream
import numpy as np
from core.analysis.stream.ledger import ledger
from core.analysis.stream.ledger_lines import direct_logits, gathered, running_sums
from core.analysis.stream.normalization import norm_steps, stream_before

lm = {load}
{values}

def same(now, shown, tolerance=1e-4):
    now, shown = (np.ravel(np.asarray(values, dtype=float)) for values in (now, shown))
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=tolerance)


trace = lm.trace(TEXT, {target})
book = gathered(ledger(lm, TEXT, ROW, stack=STACK, target={target}, trace=trace))
for entry in book.entries:
    print(f"{{entry.name:22}} {{entry.norm:9.3f}} long, cosine {{entry.cosine:6.3f}}, the sum so far {{entry.running:9.3f}}")
assert [entry.name for entry in book.entries] == {[entry.name for entry in entries]!r}
same([entry.norm for entry in book.entries], {_numbers([entry.norm for entry in entries])})
same([entry.cosine for entry in book.entries], {_numbers([entry.cosine for entry in entries])})
same([entry.running for entry in book.entries], {_numbers([entry.running for entry in entries])})
total = sum(entry.vector for entry in book.entries)
assert np.linalg.norm(total - book.final) <= 1e-5 * np.linalg.norm(book.final)"""  # noqa: E501
    ]
    if seen.direct is not None and seen.top is not None:
        made.append(
            f"""# %% What every line says to one token's logit
through = gathered(ledger(lm, TEXT, ROW, through_final=True, stack=STACK, target={target}, trace=trace))
direct = direct_logits(lm, book, through, {seen.top}, stack=STACK)
same(list(direct.parts.values()), {_numbers(list(seen.direct.parts.values()))}, 1e-3)
same(direct.logit, float(trace.logits[book.row, {seen.top}]), 1e-3)
same(direct.logit, {seen.logit:.6g}, 1e-3)"""
        )
    if kind is not None:
        made.append(_norm_cell(place, kind))
    if ways:
        made.append(_wiring_cell(ways, block))
    if blocks:
        made.append(_question_cell(answer, blocks))
    return made


def _norm_cell(place: Place, kind: str) -> str:
    steps = place.steps[kind]
    half = place.name
    gain = "norm.w" if steps.gain is not None else "None"
    bias = "norm.b" if steps.bias is not None else "None"
    taken = f'norm = lm.transformer.get_submodule("{half}")\n' if "norm" in gain + bias else ""
    mean = "" if steps.mean is None else f"same(steps.mean, {float(steps.mean[0, 0]):.6g})\n"
    return f"""# %% {NAMES[kind]} taken apart
x = stream_before(lm, "{half}", trace, STACK)[book.row : book.row + 1].detach()
{taken}steps = norm_steps(x, "{kind}", {place.eps!r}, {gain}, {bias})
{mean}same(steps.scale, {float(steps.scale[0, 0]):.6g})
same(steps.x[0, :8], {_numbers(steps.x[0, :8])}, 1e-3)
same(steps.output[0, :8], {_numbers(steps.output[0, :8])}, 1e-3)"""


def _wiring_cell(ways: Sequence[Wired], block: int) -> str:
    shown = {way.wiring: _numbers([size for _, size in way.steps]) for way in ways}
    listed = ", ".join(f'"{wiring}": {numbers}' for wiring, numbers in shown.items())
    return f"""# %% One block with its norms before the parts and after the sums
from core.analysis.stream.norm_wiring import wired

for wiring, shown in {{{listed}}}.items():
    way = wired(lm, trace, {block}, book.row, wiring, STACK)
    print(wiring, way.own, [(where, round(size, 3)) for where, size in way.steps])
    same([size for _, size in way.steps], shown, 1e-3)"""


def _question_cell(answer: Answer, blocks: int) -> str:
    numbers = [answer.numbers[name] for name in ("apart", "cosine", "times")]
    return f"""# %% The question: all that the blocks wrote taken away from the sum at the end
from core.trace import residual_streams

written = [entry.vector for entry in book.entries if entry.part in ("attention", "cross-attention", "mlp")]
left = book.final - np.sum(written, axis=0)
entered = residual_streams(trace, f"{{STACK}}." if STACK else "", {blocks})[0][book.row].detach().double().cpu().numpy()
size, length = np.linalg.norm(entered), np.linalg.norm(left)
found = [np.linalg.norm(left - entered) / size, left @ entered / max(size * length, 1e-12), length / size]
print([round(float(value), 4) for value in found])
same(found, {_numbers(numbers, 5)}, 1e-3)"""


def _numbers(values: Any, digits: int = 7) -> str:
    return "[" + ", ".join(f"{float(value):.{digits}g}" for value in np.ravel(values)) + "]"
