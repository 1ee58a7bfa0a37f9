"""Export the Attention page: what its picture is (`FIGURE`), the current step as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.kit.figures import Argument, Asked, Figure, Table
from app.markup import visible
from core.analysis.heads.steps import AttentionSteps, Change
from core.messages import mark, say
from pages.attention.edits import Cells, Edits, read_edits, read_shown
from pages.attention.figure import MATRICES, TURNS, attention, compute, describe_steps, record, step_names

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from pages.attention.variants import Measured, Reading

LONGEST = 64  # tokens: as many rows and columns as the picture holds
HEADS = {  # a head by the attention that it is of
    "self": mark("{head} of {model}"),
    "cross": mark("{head} of {model}, cross attention"),
    "encoder": mark("{head} of {model}, encoder attention"),
}


@dataclass(frozen=True)
class Seen:
    """One head over the text, and what is chosen in it."""

    lm: LanguageModel
    label: str  # the model's name in a sentence
    steps: AttentionSteps
    place: str  # what edits belong to
    edits: Edits
    shown: Cells
    rows: Sequence[str]  # the tokens that ask
    columns: Sequence[str]  # and those that answer
    asking: int  # the row that predicts
    row: int
    column: int
    names: list[str]  # of the steps
    told: int  # the step that is told, -1: the whole picture

    @property
    def step(self) -> str:
        """The step that is drawn: the whole picture is drawn around the scores."""
        return self.names[self.told] if self.told >= 0 else "scores"

    @property
    def likely(self) -> list[int]:
        """The tokens that stand under the picture: the likeliest without the change and with it."""
        before, after = self.steps.before, self.steps.after
        found = [*np.argsort(-before)[:4], *np.argsort(-after)[:5]]
        return [int(token) for token in dict.fromkeys(found)][:5]


def see(asked: Asked) -> Seen:
    """Run the chosen head with its changes, and bring what is chosen into what it has."""
    lm, values = asked.lm, asked.values
    config, kind, ids = lm.config, asked.attention, lm.tokenizer.encode(asked.text)
    masks = [place for place, token in enumerate(ids) if token == config.mask_id]
    position = None
    if config.shape == "encoder":
        position = masks[0] if masks else asked.followed(len(ids), len(ids) - 1)
    place = f"{kind}.{asked.block}.{asked.head}.{len(ids)}.{len(asked.target or '')}"
    given = (str(values["edits"]), place, LONGEST, LONGEST)
    edits, shown = read_edits(*given), read_shown(*given)
    local = values["local"] and kind != "cross"
    change = Change(
        scale=bool(values["scale"]), mask=bool(values["mask"]), turn=bool(values["turn"]),
        temperature=float(values["sharpness"]), edits=edits, shown=shown,
        window=int(values["reach"]) if local else None, sinks=int(values["sinks"]) if local else 0,
    )  # fmt: skip

    def run(change: Change) -> AttentionSteps:
        where = (asked.block, asked.head, kind, change, position)
        done: AttentionSteps = asked.call(compute, asked.text, asked.target, *where)
        return done

    try:
        steps = run(change)
    except IndexError:
        asked.note(
            say("The link changes a score that this text does not have; the scores are the model's own.")
        )
        edits, shown, steps = (), (), run(replace(change, edits=(), shown=()))
    rows, columns = ([lm.tokenizer.display(i) for i in side] for side in (steps.ids, steps.key_ids))
    asking = masks[0] if masks and config.shape == "encoder" else len(rows) - 1
    row, column = asked.followed(len(rows), asking), asked.at_most("col", len(columns) - 1)
    if column < 0:
        column = int(np.argmax(steps.pattern[row]))
    names = step_names(steps)
    told = asked.step("step", names)
    return Seen(lm, asked.label, steps, place, edits, shown, rows, columns, asking, row, column, names, told)


def sentence(seen: Seen) -> str:
    """What is on the picture: the head, what its row reads most, what the model predicts."""
    steps, row = seen.steps, seen.row
    most = int(steps.pattern[row].argmax())
    said = say(
        "{head}: row {row} “{asking}” reads column {column} “{answering}” {weight}.",
        head=say(HEADS[steps.attention], head=f"L{steps.layer}H{steps.head}", model=seen.label),
        row=row, asking=visible(seen.rows[row]), column=most, answering=visible(seen.columns[most]),
        weight=f"{steps.pattern[row, most]:.3f}",
    )  # fmt: skip
    if not steps.after.size:
        return said
    word, best = seen.lm.tokenizer.display, np.argsort(-steps.after)[:3]
    guessed = ", ".join(f"“{visible(word(int(token)))}” {steps.after[token]:.3f}" for token in best)
    return f"{said} " + say("The model predicts {tokens}.", tokens=guessed)


CONSTANT = (
    "attention", "nHeads", "kvHeads", "dHead", "cross", "biasName", "late", "centred", "gained", "shifted",
)  # fmt: skip


def told(seen: Seen) -> dict[str, Any]:
    """What carried/computing.js cannot know by itself: words, and what is the same for every text."""
    config, steps = seen.lm.config, seen.steps
    groups = [replace(steps, kv_head=head, change=Change()) for head in range(config.kv_heads)]
    whole = record(steps, seen.lm, ())
    return {
        "constant": {name: whole[name] for name in CONSTANT},
        "steps": [describe_steps(one, config) for one in groups],
        "turn": say(TURNS.get(config.position, "")), "scales": config.scale_scores, "causal": steps.causal,
        "blocks": config.n_layers,
    }  # fmt: skip


FIGURE = Figure(
    "attention", attention, see,
    record=lambda seen: record(seen.steps, seen.lm, seen.likely),
    select=lambda seen: {"step": seen.told, "row": seen.row, "col": seen.column},
    claim=lambda seen: say("A head scores every pair of tokens, then mixes values by those scores."),
    sentence=sentence,
    table=lambda seen: table(seen.steps, seen.step, seen.rows, seen.columns),
    arguments=(
        Argument("layer", "block"), Argument("head", "head"), Argument("row", "row"), Argument("col", "col"),
        Argument("step", "step", names=lambda seen: seen.names), Argument("stack", "stack"),
        Argument("attention", "attention"), Argument("scale", "scale"), Argument("mask", "mask"),
        Argument("position", "turn"), Argument("temperature", "sharpness"), Argument("local", "local"),
        Argument("window", "reach"), Argument("sinks", "sinks"), Argument("edits", "edits"),
    ),
    longest=LONGEST, writes=True, carried="pages/attention/carried/computing.js", told=told,
)  # fmt: skip

STRIPS = {"x": "x", "q": "q", "k": "k", "v": "v", "turn": "rot_q", "sum": "z", "out": "result"}


def table(steps: AttentionSteps, step: str, rows: Sequence[str], columns: Sequence[str]) -> Table:
    """The matrix of one step, column name -> values: a column for each key, or for each number of a strip."""
    values = _values(steps, step)
    side = columns if step in ("k", "v") else rows
    heads = (
        [f"{i} {name}" for i, name in enumerate(columns)]
        if step in MATRICES
        else map(str, range(values.shape[1]))
    )
    return {"token": [f"{i} {name}" for i, name in enumerate(side)]} | {
        head: [round(float(number), 6) for number in values[:, i]] for i, head in enumerate(heads)
    }


def _values(steps: AttentionSteps, step: str) -> np.ndarray[Any, Any]:
    normed = {"q": steps.q_norm, "k": steps.k_norm}.get(step)
    name = MATRICES.get(step) or STRIPS[step]
    values: np.ndarray[Any, Any] = getattr(steps, name) if normed is None else normed
    return values


def _call(steps: AttentionSteps, text: str, target: str | None) -> str:
    """The call that computes `steps`, as source."""
    # As numpy writes it: minus infinity hides a key.
    said = repr(steps.change).replace("-inf", "-np.inf")
    change = "" if steps.change == Change() else f"\n    change={said},"
    aim = "" if target is None else f"\n    target={target!r},"
    return f"""attention_steps(
    lm,
    {text!r},
    layer={steps.layer},
    head={steps.head},
    attention={steps.attention!r},{change}{aim}
    position={steps.position},
)"""


def _number(value: Any) -> str:
    return "-np.inf" if value == -np.inf else f"{float(value):.6g}"


def answer_cell(after: AttentionSteps, text: str, target: str | None, row: int, now: Sequence[float]) -> str:
    """The notebook's answer to the page's question: the row's weights with the change, beside those without.

    Args:
        after: the head with the question's change; now: the row's weights without it.
    """
    then = [round(float(weight), 5) for weight in after.pattern[row]]
    return f"""# %% The question: the same row with the change that it asks about
changed = {_call(after, text, target)}
row = {row}
print("read most:", int(changed.pattern[row].argmax()), "weight", round(float(changed.pattern[row].max()), 3))
assert np.allclose(changed.pattern[row], {then}, atol=1e-3)
assert np.allclose(steps.pattern[row], {[round(float(weight), 5) for weight in now]}, atol=1e-3)"""


def cells(
    steps: AttentionSteps,
    load: str,
    text: str,
    target: str | None,
    row: int,
    column: int,
    shown: Sequence[int],
) -> list[str]:
    """Notebook cells: run the head again, and assert the cell, its row and the predictions that the page showed.

    Args:
        load: the call of `core.load` that opens the model, as source.
        shown: the ids whose probabilities stand under the picture.
    """
    run = f"""# %% One head, run again
import numpy as np
from core.analysis.heads.steps import Change, attention_steps

lm = {load}
steps = {_call(steps, text, target)}
steps.pattern.shape"""
    q, k = steps.asked[row], steps.answered[column]
    edited = any(edit[:2] == (row, column) for edit in steps.change.edits)
    product = "" if edited else "\nassert np.isclose(q @ k, steps.scores[row, column], rtol=1e-3, atol=1e-3)"
    cell = f"""# %% One cell, written out
row, column = {row}, {column}
q, k = steps.asked[row], steps.answered[column]
print(np.round(q * k, 2), "sum", round(float(q @ k), 2))
assert np.isclose(q @ k, {float(q @ k):.6g}, rtol=1e-3, atol=1e-3){product}
assert np.isclose(steps.scaled[row, column], {_number(steps.scaled[row, column])}, rtol=1e-3, atol=1e-3)
assert np.isclose(steps.pattern[row, column], {float(steps.pattern[row, column]):.6g}, atol=1e-3)"""
    weights = [round(float(weight), 5) for weight in steps.pattern[row]]
    sums = f"""# %% The row's weights, and what they mix
assert np.allclose(steps.pattern[row], {weights}, atol=1e-3)
sees = np.isfinite(steps.masked).any(axis=1)  # a row of scores that are all -inf reads nothing
assert np.allclose(steps.pattern.sum(axis=1), sees, atol=1e-5)
assert np.allclose(steps.pattern @ steps.v, steps.z, atol=1e-3 * abs(steps.z).max())
assert np.allclose(steps.z @ steps.W_O, steps.result, atol=1e-3 * abs(steps.result).max())
steps.z[row]"""
    before, after = ([round(float(p[i]), 5) for i in shown] for p in (steps.before, steps.after))
    predicted = f"""# %% What the whole model predicts, as it is and with the change
ids = {list(map(int, shown))}
for token, p, now in zip(ids, steps.before[ids], steps.after[ids]):
    print(repr(lm.tokenizer.display(token)), round(float(p), 3), round(float(now), 3))
assert np.allclose(steps.before[ids], {before}, atol=1e-3)
assert np.allclose(steps.after[ids], {after}, atol=1e-3)"""
    return [run, cell, sums, predicted]


def variant_cells(read: Reading, seen: Measured) -> list[str]:
    """Notebook cells of the lower half: the masks and the shared keys, computed again; `lm` is the notebook's model."""
    where = f"attention={read.masked!r}, target={read.target or None!r}, row={read.row}"
    masks = f"""# %% Other masks on the whole stack: the next word, and the loss of the text
from core.analysis.heads.masks import MaskRule, under_masks

rules = {list(seen.rules)!r}
under = under_masks(lm, {read.text!r}, rules, {where})
for one in under:
    token = int(one.probabilities.argmax())
    print(one.rule, repr(lm.tokenizer.display(token)), round(float(one.probabilities[token]), 3), round(one.loss, 3))
assert np.allclose([one.loss for one in under], {_numbers(one.loss for one in seen.masks)}, atol=1e-3)
assert np.allclose([one.probabilities.max() for one in under], {
        _numbers(one.probabilities.max() for one in seen.masks)
    }, atol=1e-3)"""
    shared = f"""# %% Fewer heads of keys and values: the mean of each group's projections
from core.analysis.heads.shared_keys import sharings

shared = sharings(lm, {read.text!r}, target={read.target or None!r}, row={read.row})
for one in shared:
    print(one.name, one.kv_heads, one.cache, "bytes", round(one.loss, 3))
assert [one.cache for one in shared] == {[one.cache for one in seen.sharings]}
assert np.allclose([one.loss for one in shared], {_numbers(one.loss for one in seen.sharings)}, atol=1e-3)"""
    return [masks, shared]


def _numbers(values: Iterable[float]) -> list[float]:
    return [round(float(value), 5) for value in values]
