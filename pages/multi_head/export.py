"""Export the Multi-head page: what its picture is (`FIGURE`), a line for each head as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.counts import counted
from app.kit.figures import Argument, Figure, Table
from app.markup import visible
from core.analysis.heads.effects import HeadEffects, Knockout
from core.analysis.heads.jobs import EVEN
from core.analysis.heads.patterns import NAMES
from core.messages import say
from pages.multi_head.ablation import Off
from pages.multi_head.figure import Seen, multi_head, reader, record, see
from pages.multi_head.for_browser import measured, told
from pages.multi_head.roles import RANDOM, columns

if TYPE_CHECKING:
    from pages.multi_head.composition import HeadsTogether


def sentence(seen: Seen) -> str:
    """What is on the picture: what the chosen head does, what its row reads most, what the model predicts."""
    block, head, row = seen.block, seen.head, seen.row
    weights = seen.opened.pattern[row]
    most = int(weights.argmax())
    blocks, heads = seen.usual.evenness.shape
    does = seen.jobs.names[block][head]
    said = say(
        "{heads} of {model}; {head}, {does}: row {row} “{asking}” reads “{answering}” most, {weight}.",
        heads=counted(blocks * heads, "head"), model=seen.label, head=f"L{block}H{head}", does=say(does), row=row,
        asking=visible(seen.rows[row]), answering=visible(seen.cols[most]), weight=f"{weights[most]:.3f}",
    )  # fmt: skip
    if not seen.without.after.size:
        return said
    word, best = seen.lm.tokenizer.display, np.argsort(-seen.without.after)[:3]
    guessed = ", ".join(f"“{visible(word(int(token)))}” {seen.without.after[token]:.3f}" for token in best)
    off = seen.off.heads
    if off:
        gone = counted(len(off), "head")
        return f"{said} " + say("With {heads} off, the model predicts {tokens}.", heads=gone, tokens=guessed)
    return f"{said} " + say("The model predicts {tokens}.", tokens=guessed)


FIGURE = Figure(
    "multi_head", multi_head, see, record, lambda seen: dict(seen.selection),
    claim=lambda seen: say("Each head reads in its own way; what all heads bring adds up."),
    sentence=sentence,
    table=lambda seen: table(seen, None),
    arguments=(
        Argument("layer", "block"), Argument("head", "head"), Argument("row", "row"), Argument("col", "col"),
        Argument("panel", "panel"), Argument("step", "tour"), Argument("added", "added"), Argument("stack", "stack"),
        Argument("attention", "attention"), Argument("off", "off"), Argument("instead", "instead"),
        Argument("order", "order"),
    ),
    longest=64, writes=True, tall=640, carried="pages/multi_head/carried/computing.js", told=told, measured=measured,
)  # fmt: skip


def table(seen: Seen, together: HeadsTogether | None) -> Table:
    """A line for each head: what it does, its scores, what the row reads most of it, its share where the picture shows
    it, its effect. Then a line for each key of the chosen head: what the row gives to it, and the score that led there;
    one with the line of chance for each score; one for each set of heads that is switched off; one for the pair.

    Args:
        together: what is measured below the picture, on its page.
    """
    jobs, shares, effects, row = seen.jobs, seen.shares, seen.measured, seen.row
    words = (seen.rows, seen.cols)
    places = [(block, head) for block, line in enumerate(jobs.names) for head in range(len(line))]
    weights, cols = seen.maps.read_most(row)
    scores = columns(jobs)
    even = scores.pop(EVEN)
    lines = [
        {
            "head": f"L{block}H{head}",
            "does": jobs.names[block][head],
            "row": f"{row} {words[0][row]}",
            "reads": f"{cols[block, head]} {words[1][cols[block, head]]}",
            "weight": _rounded(weights[block, head]),
            "score": None,
            **{name: _rounded(values[block][head]) for name, values in scores.items()},
            "short of an even spread": _rounded(1 - (even[block][head] or 0.0)),
            f"share of block {shares.layer}’s output": _rounded(shares.shares[head])
            if block == seen.block
            else None,
            "single changes added": None,
            "fit of the pair": None,
            "change of log p without it": None if effects is None else _rounded(effects.change[block, head]),
        }
        for block, head in places
    ]
    name = f"L{seen.block}H{seen.head}"
    lines += [
        dict.fromkeys(lines[0])
        | {"head": name, "row": f"{row} {words[0][row]}", "reads": f"{col} {token}"}
        | {"weight": _rounded(seen.opened.pattern[row, col]), "score": _rounded(seen.opened.scaled[row, col])}
        for col, token in enumerate(words[1])
    ]
    chance = {NAMES[job]: _rounded(null.line) for job, null in jobs.chance.text.items()}
    lines.append(dict.fromkeys(lines[0]) | {"head": "by chance"} | chance)
    lines += _together(lines[0], together) if together is not None else []
    return {name: [line[name] for line in lines] for name in lines[0]}


def _together(names: Mapping[str, Any], together: HeadsTogether) -> list[dict[str, Any]]:
    """A line for each set of heads that is switched off, and one for the pair."""
    lines = []
    for one in together.shown:
        effect = {
            "change of log p without it": _rounded(one.joint),
            "single changes added": _rounded(one.total),
        }
        lines.append(dict.fromkeys(names) | {"head": " + ".join(map(_named, one.heads))} | effect)
    if together.chosen is not None and together.score is not None:
        writes, reads = map(_named, together.chosen)
        fit = {"fit of the pair": _rounded(together.score)}
        lines.append(dict.fromkeys(names) | {"head": f"{writes} → {reads}"} | fit)
    return lines


def _named(head: tuple[int, int]) -> str:
    return f"L{head[0]}H{head[1]}"


def _rounded(value: Any) -> float | None:
    return None if value is None else float(f"{value:.8g}")


def cells(
    load: str,
    given: Mapping[str, Any],
    off: Off,
    seen: Seen,
    shown: Sequence[int],
    answer: Sequence[Knockout],
    together: HeadsTogether,
) -> list[str]:
    """Cells that measure the heads again and assert every number of the picture.

    Args:
        load: the call that loads the model, as source.
        given: TEXT, KIND, and for an encoder-decoder TARGET.
        off: the heads that are off.
        shown: the ids whose probabilities stand at the foot.
        answer: the predictions without both heads of the page's question, and without each; none of a bare encoder.
        together: what is measured below the picture.
    """
    more = "attention=KIND" + (", target=TARGET" if "TARGET" in given else "")
    switch = f"with core.intervene(*switch_off({list(off.heads)}, {off.value!r}, KIND)):\n    "
    made = [
        _heads(load, given, seen, more, switch), _scores(seen), _pair(seen, more, switch), _joined(seen, more, switch),
    ]  # fmt: skip
    if answer:
        title = "The next token, without the heads that are off"
        made.append(knockout_cell(title, "without", seen.without, more, shown))
    if seen.measured is not None:
        made.append(_alone(seen.measured, more, switch))
    if seen.largest is not None:
        made.append(_largest(seen, off, more))
    if together.chosen is not None:
        made.append(_fit(together))
    if together.shown:
        made.append(_sets(together, more))
    for name, found in zip(("asked", "first", "second"), answer):
        title = f"The question: {' and '.join(map(_named, found.heads))} off"
        made.append(knockout_cell(title, name, found, more, [int(found.before.argmax())]))
    return made


def _heads(load: str, given: Mapping[str, Any], seen: Seen, more: str, switch: str) -> str:
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    return f"""# %% Every head's map, and what the heads do
import numpy as np
from core.analysis.heads.effects import switch_off
from core.analysis.heads.jobs import EVEN, head_jobs
from core.analysis.heads.null_distributions import head_chance
from core.analysis.heads.patterns import NAMES, head_maps

lm = {load}
{values}BLOCK, HEAD, ROW, COL = {seen.block}, {seen.head}, {seen.row}, {seen.col}


def same(now, shown, tolerance=1e-3):
    now, shown = (np.asarray(values, dtype=float) for values in (now, shown))
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=tolerance)


chance = head_chance(lm, head_maps(lm, TEXT, {more}))  # of the whole model
{switch}jobs = head_jobs(lm, head_maps(lm, TEXT, {more}), chance=chance)
assert jobs.names[BLOCK] == {seen.jobs.names[seen.block]!r}
{switch}maps = head_maps(lm, TEXT, {more}).maps
same(maps[BLOCK, HEAD, ROW], {_numbers(seen.maps.maps[seen.block, seen.head, seen.row])})
same(maps.sum(-1), 1)"""


def _scores(seen: Seen) -> str:
    scores = {name: [_rounded(v) for v in values[seen.block]] for name, values in columns(seen.jobs).items()}
    chance = seen.jobs.chance
    lines = {NAMES[job]: _rounded(null.line) for job, null in chance.text.items()}
    lines |= {words: _rounded(null.line) for words, null in chance.class_nulls.items()}
    return f"""# %% What a row of this block’s heads gives to such tokens, where there are any, and what chance comes to
shown = {scores!r}
for job, score in jobs.scores.items():
    if score.weight is not None:
        same(score.weight[BLOCK], shown.get(NAMES[job]))
if "induction" in jobs.repeats:
    same(jobs.repeats["induction"].weight[BLOCK], shown.get({RANDOM!r}))
same(jobs.evenness[BLOCK], shown.get(EVEN))
lines = {lines!r}
for job, null in chance.text.items():
    same(null.line, lines.get(NAMES[job]))
for words, null in chance.class_nulls.items():
    same(null.line, lines.get(words))"""


def _pair(seen: Seen, more: str, switch: str) -> str:
    return f"""# %% Why the row reads what it reads: its query with one key, number by number
from core.analysis.heads.steps import attention_steps
from core.analysis.heads.query_key import query_key

{switch}steps = attention_steps(lm, TEXT, BLOCK, HEAD, {more})
asked = query_key(steps, ROW)
print(np.round(asked.products[COL], 2), "sum", asked.scores[COL])
assert np.isclose(asked.products[COL].sum(), asked.scores[COL], rtol=1e-3, atol=1e-3)
same(asked.scaled, {_numbers(seen.opened.scaled[seen.row])})
same(asked.weights, {_numbers(seen.opened.pattern[seen.row])})"""


def _joined(seen: Seen, more: str, switch: str) -> str:
    shares = seen.shares
    return f"""# %% The heads' outputs, joined: they add up to what the attention puts into the stream
from core.analysis.heads.shares import head_shares

{switch}joined = head_shares(lm, TEXT, BLOCK, row=ROW, {more})
same(joined.vectors.sum(axis=0) + joined.bias, joined.out, 1e-3 * max(1.0, abs(joined.out).max()))
same(joined.shares, {_numbers(shares.shares)})
same(joined.norms, {_numbers(shares.norms)})
same(joined.shares.sum() + joined.bias_share, {float(shares.shares.sum() + shares.bias_share):.6g})"""


def _alone(effects: HeadEffects, more: str, switch: str) -> str:
    changes = [[float(f"{change:.6g}") for change in line] for line in effects.change]
    return f"""# %% Each head off, alone
from core.analysis.heads.effects import head_effects

{switch}alone = head_effects(lm, TEXT, row={effects.row}, token={effects.token}, value={effects.value!r}, {more})
same(alone.change, {changes})"""


def _largest(seen: Seen, off: Off, more: str) -> str:
    assert seen.largest is not None
    found, switched = reader(seen), [*off.heads, seen.largest.head]
    cell = f"""# %% The head whose absence changes most
assert alone.largest == {seen.largest.head}"""
    if found is None:
        return cell
    block, head, col, _, after = found
    return f"""{cell}
with core.intervene(*switch_off({switched}, {off.value!r}, KIND)):
    less = head_maps(lm, TEXT, {more}).maps
same(less[{block}, {head}, ROW, {col}], {after:.6g})"""


def _fit(together: HeadsTogether) -> str:
    assert together.chosen is not None and together.composition is not None
    (i, h), (j, g) = together.chosen
    found = together.composition
    numbers = _numbers([together.score, found.chance, found.line])
    return f"""# %% How well what one head writes fits what a later one reads
from core.analysis.heads.composition import composition

fit = composition(lm, {found.way!r}, KIND)
print(fit.scores[{i}, {h}, {j}, {g}], "at random", fit.chance)
same([fit.scores[{i}, {h}, {j}, {g}], fit.chance, fit.line], {numbers}, 1e-5)"""


def _sets(together: HeadsTogether, more: str) -> str:
    text = "".join(
        f"    ({[*map(list, one.heads)]}, {one.total:.6g}, {one.joint:.6g}),\n" for one in together.shown
    )
    return f"""# %% Heads off together, beside the sum of what each does alone
from core.analysis.heads.sets import set_effects

shown = [
{text}]
options = dict(row={together.row}, token={together.token}, value={together.off.value!r}, {more})
for one, (heads, total, joint) in zip(set_effects(lm, TEXT, [heads for heads, _, _ in shown], **options), shown):
    print(heads, round(total, 3), "added", round(joint, 3), "together")
    same([one.total, one.joint], [total, joint])"""


def knockout_cell(title: str, name: str, found: Knockout, more: str, shown: Sequence[int]) -> str:
    """A cell that switches heads off and asserts what that does to the tokens of `shown`."""
    off, ids = list(found.heads), list(map(int, shown))
    return f"""# %% {title}
from core.analysis.heads.effects import knock_out

{name} = knock_out(lm, TEXT, {off}, row={found.row}, value={found.value!r}, {more})
ids = {ids}
for i in ids:
    print(repr(lm.tokenizer.display(i)), round(float({name}.before[i]), 3), round(float({name}.after[i]), 3))
same({name}.before[ids], {_numbers(found.before[ids])})
same({name}.after[ids], {_numbers(found.after[ids])})"""


def _numbers(values: Any) -> str:
    return "[" + ", ".join(f"{float(value):.6g}" for value in np.ravel(values)) + "]"
