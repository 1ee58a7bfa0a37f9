"""The export of the picture: what it is (`FIGURE`), all panels as a table, notebook cells that compute them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.kit import figures
from app.kit.figures import Argument, Figure, Table
from app.markup import visible
from core.analysis.places import Kind
from core.analysis.stream.direct_attribution import Line
from core.language_model import LanguageModel
from core.messages import mark, say
from pages.interpretability import figure
from pages.interpretability.figure import (
    LONGEST,
    PATCHES,
    SIGHTS,
    Asked,
    Looked,
    Maps,
    best_head,
    cost,
    gathered,
    parts_open,
    rows_of,
    sites_of,
)

if TYPE_CHECKING:
    from app.questions import Answer
    from pages.interpretability.question import Question

KEYS = ("stage", "sight", "row", "tier", "block", "head", "shade", "extent", "unfold")
UNPATCHED = mark(
    "The patches take about {seconds} s and were not computed for this picture. In a notebook, parts='patches' asks "
    "for them."
)


@dataclass(frozen=True)
class Seen:
    """One pass and the three questions to it.

    Attributes:
        question: what is asked; kind: of attention, and with it the patched stack.
        layers, places: of the patched stack. opened: the parts that are open.
        maps: what has been patched. seconds: about how long that takes.
    """

    lm: LanguageModel
    label: str  # the model's name in a sentence
    key: str
    question: Asked
    looked: Looked
    kind: Kind
    layers: int
    places: int
    opened: tuple[str, ...]
    selection: dict[str, Any]
    maps: Maps = field(default_factory=Maps)
    seconds: int = 0

    @property
    def stamp(self) -> str:
        """Names model, texts and question."""
        return "\x1f".join([self.key, repr(self.question), self.kind])

    @property
    def still(self) -> Seen:
        """The same for a file, where nothing is patched any more: it says so if nothing was."""
        if self.maps.why or self.maps.total:
            return self
        return replace(self, maps=Maps(why=say(UNPATCHED, seconds=self.seconds)))


def look(asked: figures.Asked) -> Seen:
    """Compute lens and attribution; nothing is patched."""
    lm, values, target, kind = asked.lm, asked.values, asked.target, asked.attention
    ids = lm.batch(asked.text, target)[0][0].tolist()
    masks = [place for place, token in enumerate(ids) if token == lm.config.mask_id]
    follow = int(values["follow"])
    row = follow if follow >= 0 else masks[0] if masks else -1
    twin = asked.call(
        figure.other_text, asked.text, target, values["corrupted"], row, values["dealt"], LONGEST
    )
    question: Asked = asked.call(figure.ask, asked.text, target, twin, row, values["asked"], values["versus"])
    looked: Looked = asked.call(figure.look, question)
    if "follow" in asked.given:
        asked.at_most("follow", len(looked.ids) - 1)
    layers = lm.config.n_layers if kind == "encoder" else lm.config.decoder_layers
    places = len(rows_of(question, looked, kind, asked.both)[0])
    selection = {key: values[key] for key in KEYS} | {"block": asked.block, "head": asked.head}
    selection["follow"] = follow if follow < len(looked.ids) else -1
    return Seen(
        lm, asked.label, asked.key, question, looked, kind, layers, places, parts_open(values), selection
    )


def see(asked: figures.Asked) -> Seen:
    """Compute all panels: the patches where that is quick, and where somebody asks for them."""
    plain = look(asked)
    if plain.question.pair is None:
        return replace(plain, maps=Maps(why=plain.question.why))
    here = asked.values["extent"] == "here"
    size = asked.lm, plain.places, plain.layers, sites_of(plain.kind)
    seconds = max(1, round(cost(*size, by_place=False) / figure.A_SECOND))
    if PATCHES not in plain.opened and cost(*size, by_place=here) > figure.QUICK:
        return replace(plain, seconds=seconds).still
    maps = figure.at_once(asked.call, plain.question, plain.kind, here)
    return replace(plain, maps=maps, seconds=seconds)


def record(seen: Seen) -> dict[str, Any]:
    """Turn all into what figure.js draws, but for the selection."""
    return figure.record(
        seen.lm, seen.question, seen.looked, seen.maps, seen.kind, stamp=seen.stamp, seconds=seen.seconds,
        opened=seen.opened,
    )  # fmt: skip


# The kinds of parts in words; figure.js has them, too.
_PARTS = {
    "embedding": mark("embedding"), "position": mark("position"), "token type": mark("token type"),
    "attention": mark("attention"), "cross-attention": mark("cross-attention"), "mlp": "mlp", "biases": mark("biases"),
}  # fmt: skip


def part_name(line: Line) -> str:
    """Name a part of the logit: "L3 attention"."""
    part = say(_PARTS[line.part])
    return part if line.layer is None else f"L{line.layer} {part}"


def sentence(seen: Seen) -> str:
    """What is on the picture: the answer, its loudest part, and the head that brings most of it back."""
    question, parts, word = seen.question, seen.looked.parts, seen.lm.tokenizer.display
    loudest = max(parts.lines, key=lambda line: abs(line.value))
    values = {
        "model": seen.label, "answer": visible(word(question.token)), "probability": f"{seen.looked.probability:.3f}",
        "row": question.row, "parts": len(parts.lines), "name": part_name(loudest), "value": f"{loudest.value:.2f}",
    }  # fmt: skip
    said = [say("{model} gives “{answer}” the chance {probability} in row {row}.", **values)]
    if question.against is None:
        said.append(say("Its logit is a sum of {parts} parts, the largest {name} with {value}.", **values))
    else:
        other = visible(word(question.against))
        said.append(say(
            "Its logit, less that of “{other}”, is a sum of {parts} parts, the largest {name} with {value}.",
            other=other, **values,
        ))  # fmt: skip
    if (best := best_head(seen.maps, seen.layers)) is not None:
        share = float(seen.maps.found["head"][best[0]][best[1]])
        head = f"L{best[0]}{'X' if seen.kind == 'cross' else 'H'}{best[1]}"
        said.append(say(
            "Of its heads {head} alone brings back most, {share} of the difference.",
            head=head, share=f"{share:.3f}",
        ))  # fmt: skip
    return " ".join(said)


FIGURE = Figure(
    "interpretability", figure.interpretability, see,
    record=record,
    select=lambda seen: seen.selection,
    claim=lambda seen: say(figure.CLAIM),
    sentence=sentence,
    table=lambda seen: table(seen.lm, seen.question, seen.looked, seen.maps, seen.kind),
    arguments=(
        Argument("layer", "block"), Argument("head", "head"), Argument("row", "follow"), Argument("step", "stage"),
        Argument("parts", "unfold"), Argument("panel", "sight"), Argument("position", "row"), Argument("depth", "tier"),
        Argument("shade", "shade"), Argument("extent", "extent"), Argument("token", "asked"),
        Argument("versus", "versus"), Argument("corrupted", "corrupted"), Argument("deal", "dealt"),
        Argument("stack", "stack"), Argument("attention", "attention"),
    ),
    longest=LONGEST, tall=700,
    blank=tuple(f"maps.{name}" for name in (*SIGHTS.values(), "head", "heads")),
)  # fmt: skip

COLUMNS = ("what", "token", "position", "block", "says first", "chance of it", "chance", "place", "value")


def table(lm: LanguageModel, asked: Asked, looked: Looked, maps: Maps, kind: Kind) -> Table:
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
