"""The export of the picture: all panels as a table, and notebook cells that compute them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.controls.predict import Answer
from core.analysis.places import Kind
from core.language_model import LanguageModel
from pages.interpretability.controls import Asked
from pages.interpretability.figure import Looked, Maps, gathered, rows_of
from pages.interpretability.question import Question

COLUMNS = ("what", "token", "position", "block", "says first", "chance of it", "chance", "place", "value")


def table(
    lm: LanguageModel, asked: Asked, looked: Looked, maps: Maps, kind: Kind
) -> dict[str, Sequence[Any]]:
    """Export the lens place by place, the parts of the logit, every head, and the patched maps."""
    word = lm.tokenizer.display
    lines: list[tuple[Any, ...]] = []
    if looked.lens is not None:
        assert looked.lens.chance is not None and looked.lens.rank is not None
        for depth, at in np.ndindex(*looked.lens.chance.shape):
            lines.append(
                ("lens", word(looked.ids[at]), at, None if depth == 0 else depth - 1,
                 word(int(looked.lens.ids[depth, at, 0])), _short(looked.lens.probabilities[depth, at, 0]),
                 _short(looked.lens.chance[depth, at]), int(looked.lens.rank[depth, at]) + 1, None)
            )  # fmt: skip
    else:
        lines += [("text", word(id), at, *[None] * 6) for at, id in enumerate(looked.ids)]
    answer = word(asked.token)
    for line in looked.parts.lines:
        lines.append((f"part: {line.part}", answer, None, line.layer, *[None] * 4, _short(line.value)))
    lines.append(("logit", answer, None, *[None] * 5, _short(looked.parts.logit)))
    heads = looked.parts.cross if kind == "cross" and looked.parts.cross is not None else looked.parts.heads
    for layer, head in np.ndindex(*heads.shape):
        lines.append((f"part: head {head}", answer, None, layer, *[None] * 4, _short(heads[layer, head])))
    ids, back = rows_of(asked, looked, kind, lm.config.shape == "encoder-decoder")
    for name, values in gathered(maps, back).items():
        if name == "head":
            for layer, head in np.ndindex(*values.shape):
                if layer not in maps.found[name]:
                    continue
                lines.append(
                    (f"patched head {head}", None, None, layer, *[None] * 4, _short(values[layer, head]))
                )
        elif name != "heads":
            for layer, at in np.ndindex(*values.shape):
                if layer not in maps.found[name]:
                    continue
                value = None if np.isnan(values[layer, at]) else _short(values[layer, at])
                lines.append((f"patched {name}", word(ids[at]), at, layer, *[None] * 4, value))
    if not maps.why:
        lines.append(("clean text says", answer, None, *[None] * 5, _short(maps.clean)))
        lines.append(("corrupted text says", answer, None, *[None] * 5, _short(maps.corrupted)))
    return dict(zip(COLUMNS, (list(column) for column in zip(*lines))))


def _short(value: Any) -> float:
    return float(f"{float(value):.7g}")


def cells(
    load: str, asked: Asked, looked: Looked, maps: Maps, kind: Kind, question: Question, answer: Answer
) -> list[str]:
    """Write notebook cells that compute lens, attribution and patches again, and answer the question.

    Args:
        load: the call that loads the model, as source.
    """
    made = [_begin(load, asked, looked, kind), _parts_cell(looked)]
    if asked.pair is not None and not maps.why:
        made.append(_patch_cell(maps))
    if question.heads:
        made.append(_question_cell(question, answer))
    else:
        made.append(f"""# %% The question: all attention against all MLPs
said = [sum(line.value for line in parts.lines if line.part in which)
        for which in (("attention", "cross-attention"), ("mlp",))]
same([*said, parts.logit], {_numbers([answer.numbers[name] for name in ("attention", "mlp", "logit")], 5)})""")
    return made


def _begin(load: str, asked: Asked, looked: Looked, kind: Kind) -> str:
    given: Mapping[str, Any] = {
        "CLEAN": asked.clean, "CORRUPTED": asked.corrupted, "TARGET": asked.target, "ROW": asked.row,
        "TOKEN": asked.token, "AGAINST": asked.against, "ATTENTION": kind,
    }  # fmt: skip
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    lens = ""
    if looked.lens is not None:
        assert looked.lens.chance is not None
        lens = f"""
lens = logit_lens(lm, trace, top=5, token=TOKEN)
print([lm.tokenizer.display(int(id)) for id in lens.ids[:, ROW, 0]])
assert lens.ids[:, ROW, 0].tolist() == {looked.lens.ids[:, asked.row, 0].tolist()}
same(lens.chance[:, ROW], {_numbers(looked.lens.chance[:, asked.row])})
same(lens.probabilities[:, :, 0].sum(), {float(looked.lens.probabilities[:, :, 0].sum()):.6g})"""
    return f"""# %% The lens: what every depth would say
import numpy as np
from core.analysis.stream.direct_attribution import attribute
from core.analysis.stream.logit_lens import logit_lens
from core.analysis.patching.sweep import patched
from core.analysis.patching.patches import Patching, Spot
from core.analysis.patching.text_pairs import text_pair

lm = {load}
{values}

def same(now, shown, tolerance=1e-4):
    now, shown = (np.ravel(np.asarray(values, dtype=float)) for values in (now, shown))
    size = max(1.0, np.nanmax(np.abs(shown), initial=0.0))
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=tolerance * size)


trace = lm.trace(CLEAN, TARGET){lens}"""


def _parts_cell(looked: Looked) -> str:
    parts = looked.parts
    return f"""# %% Direct attribution: the logit as a sum
parts = attribute(lm, CLEAN, TOKEN, AGAINST, row=ROW, target=TARGET, trace=trace)
for line in parts.lines:
    print(f"{{line.name:22}} {{line.value:9.3f}}")
assert [line.name for line in parts.lines] == {[line.name for line in parts.lines]!r}
same([line.value for line in parts.lines], {_numbers([line.value for line in parts.lines])}, 1e-3)
same(parts.heads.sum(1), {_numbers(parts.heads.sum(1))}, 1e-3)
same(parts.logit, {parts.logit:.7g}, 1e-3)
assert abs(parts.total - parts.logit) <= 1e-5 * max(1, sum(abs(line.value) for line in parts.lines))"""


def _patch_cell(maps: Maps) -> str:
    lines = [
        "# %% Patching: what each place and each head brings back",
        "pair = text_pair(lm, CLEAN, CORRUPTED, row=ROW, target=TARGET)",
        "found = Patching.of(lm, pair, TOKEN, AGAINST, attention=ATTENTION)",
    ]
    if maps.total:  # otherwise the page has patched nothing yet
        said = _numbers([maps.clean, maps.corrupted])
        lines.append(f"same([found.clean, found.corrupted], {said}, 1e-3)")
    if maps.whole:
        lines.append("maps = patched(found, by_place=False)")
        for name in maps.found:
            values = maps.rows(name)
            if name != "heads" and values is not None:
                lines.append(f"same(maps[{name!r}], {_numbers(values, 5)}, 2e-3)")
    return "\n".join(lines)


def _question_cell(question: Question, answer: Answer) -> str:
    numbers = [answer.numbers[name] for name in ("share", "alone", "said", "clean", "corrupted")]
    return f"""# %% The question: several heads at once
spots = [Spot(layer, head=head) for layer, head in {list(question.heads)!r}]
share, alone = found.together(spots), sum(found.together([spot]) for spot in spots)
print(f"together {{share:.3f}}, one by one {{alone:.3f}}")
said = found.corrupted + share * found.gap
same([share, alone, said, found.clean, found.corrupted], {_numbers(numbers, 5)}, 2e-3)"""


def _numbers(values: Any, digits: int = 7) -> str:
    said = [f"{float(value):.{digits}g}" for value in np.ravel(values)]
    return "[" + ", ".join("np.nan" if one == "nan" else one for one in said) + "]"
