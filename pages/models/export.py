"""Export the Models page: what its picture is (`FIGURE`), every model and the open one's weights as a table, cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure
from app.models import gallery, room
from app.models.gallery import SOURCES, Entry
from core.language_model import LanguageModel
from core.messages import say
from core.parts import PARTS
from pages.models import figure
from pages.models.figure import TITLES, Use

if TYPE_CHECKING:
    from app.questions import Answer
    from core.runs import Run

LONGEST = 64  # tokens: as many chips as the picture holds


@dataclass(frozen=True)
class Seen:
    """The models that open here, and what a text does with the weights of the open one.

    Attributes:
        name: of the open model; found: of its weights and the text.
        stock, kin: which models are listed, by where they are from and by shape.
        wished: whose details are shown; "": the open one's. ruler: of the bars.
        runs: the training runs that are listed, too: a learner's own, on the page alone.
        served: whether the server's memory is looked at: on the page alone.
    """

    lm: LanguageModel
    name: str
    found: Use
    stock: str
    kin: str
    wished: str
    ruler: str
    runs: tuple[Run, ...] = ()
    served: bool = False

    @cached_property
    def everything(self) -> list[Entry]:
        """Every model, whatever is filtered."""
        all = gallery.entries(self.name, self.runs)
        return gallery.in_memory(all) if self.served else all

    @cached_property
    def shown(self) -> list[Entry]:
        """Those that fit the filters."""
        return gallery.fitting(self.everything, self.stock, self.kin)

    @cached_property
    def current(self) -> Entry:
        """The open model."""
        return gallery.current(self.everything, self.name, self.lm)

    @cached_property
    def picking(self) -> tuple[Entry, str]:
        """The model whose details are shown, and why it is another than the one that was wished for."""
        return gallery.pick(self.everything, self.wished, self.current)

    @property
    def picked(self) -> Entry:
        """The model whose details are shown."""
        return self.picking[0]

    def beside(self, runs: Sequence[Run]) -> Seen:
        """List a learner's own runs as well, and look at the server's memory."""
        return replace(self, runs=tuple(runs), served=True)

    @property
    def still(self) -> Seen:
        """A copy for a file, which has no server."""
        return replace(self, served=False)


def see(asked: Asked) -> Seen:
    """Count the weights that the text meets, and look at what opens here.

    Raises:
        ValueError: the caller picked a model that is not on the list.
    """
    values = asked.values
    found: Use = asked.call(figure.use, asked.text, asked.target or "")
    seen = Seen(
        asked.lm, asked.name, found, str(values["stock"]), str(values["kin"]), str(values["picked"]),
        str(values["ruler"]),
    )  # fmt: skip
    if "picked" in asked.given and seen.picking[1]:
        raise ValueError(f"{asked.given['picked']}={seen.wished!r}: {seen.picking[1]}")
    return seen


def sentence(seen: Seen) -> str:
    """What is on the picture: how many models, the largest and the smallest, and what the text uses of the open one."""
    sized = sorted((one for one in seen.shown if one.total), key=lambda one: one.total)
    models = counted(len(seen.shown), "model")
    ends = list(
        dict.fromkeys(
            say("{label} with {total} weights", label=one.label, total=f"{one.total:,}")
            for one in (sized[:1] + sized[-1:])
        )
    )
    if not ends:
        listed = say("{models} to one scale.", models=models)
    elif len(ends) == 1:
        listed = say("{models} to one scale, from {end}.", models=models, end=ends[0])
    else:
        listed = say(
            "{models} to one scale, from {least} to {most}.", models=models, least=ends[0], most=ends[1]
        )
    one = seen.picked
    known = one.problem or say(
        "{shape}, {size} in memory",
        shape=one.shape,
        size=room.written(one.memory) if one.memory else say("not known"),
    )
    used, whole = (sum(counts.values()) for counts in (seen.found.used, seen.found.whole))
    details = say("Details of {label}: {known}.", label=one.label, known=known)
    uses = say(
        "The text of {tokens} uses {used} of the {whole} weights of {model}.",
        tokens=counted(len(seen.found.ids), "token"), used=f"{used:,}", whole=f"{whole:,}", model=seen.current.label,
    )  # fmt: skip
    return f"{listed} {details} {uses}"


def named(seen: Seen) -> dict[str, Any]:
    """What a call names in the selection's place: it has no runs of a learner's to pick."""
    ours = seen.picked.source == "run" and seen.picked.name != seen.name
    return {"picked": "" if ours or seen.picking[1] else seen.wished}


FIGURE = Figure(
    "models", figure.models, see,
    record=lambda seen: figure.record(seen.lm, seen.shown, seen.current, seen.picked, seen.found, seen.picking[1]),
    select=lambda seen: {"picked": seen.picked.name, "ruler": seen.ruler},
    claim=lambda seen: say("What a model needs is known before it is opened: weights times bytes."),
    sentence=sentence,
    table=lambda seen: table(seen.lm, seen.shown, seen.found),
    arguments=(
        Argument("source", "stock"), Argument("shape", "kin"), Argument("scale", "ruler"), Argument("picked", "picked"),
    ),
    longest=LONGEST, tall=540, named=named,
    own=lambda seen: say("without your runs") if seen.runs else "",
)  # fmt: skip

COLUMNS = (
    "what", "name", "from", "architecture", "licence", "weights", "tables", "attention", "feed-forward",
    "norms and heads", "bytes stored", "bytes in memory", "weights the text uses", "root mean square",
)  # fmt: skip


def table(lm: LanguageModel, shown: Sequence[Entry], found: Use) -> dict[str, Sequence[Any]]:
    """A line for each model, for each part of the open one, and for each token of the text: its row of the table."""
    lines: list[dict[str, Any]] = []
    for one in shown:
        counts = dict(zip(COLUMNS[6:10], (one.weights.get(part) for part in PARTS)))
        about = {
            "architecture": one.problem or one.shape,
            "licence": one.licence,
            "weights": one.total or None,
        }
        sizes = {"bytes stored": one.stored or None, "bytes in memory": one.memory or None}
        lines.append(
            {"what": "model", "name": one.label, "from": SOURCES[one.source], **about, **counts, **sizes}
        )
    for part in PARTS:
        counted = {"weights": found.whole[part], "weights the text uses": found.used[part]}
        large = {"root mean square": float(f"{found.sizes[part]:.8g}")}
        lines.append({"what": "part of the open model", "name": TITLES[part], **counted, **large})
    for id, size in zip(found.ids, found.rows):
        name = lm.tokenizer.display(id)
        lines.append(
            {
                "what": f"row {id}",
                "name": name,
                "weights": lm.config.d_model,
                "root mean square": float(f"{size:.8g}"),
            }
        )
    return {column: [line.get(column) for line in lines] for column in COLUMNS}


def cells(
    load: str, lm: LanguageModel, current: Entry, found: Use, instead: Sequence[int], answer: Answer
) -> list[str]:
    """Cells that load the open model and assert its weights, part by part, its memory, and the question's answer.

    Args:
        load: the call that loads the model, as source.   instead: the tokens that the question reads.
    """
    sizes = ", ".join(f'"{part}": {found.sizes[part]:.8g}' for part in PARTS)
    rows = ", ".join(f"{size:.8g}" for size in found.rows)
    return [
        f"""# %% The weights of a model, part by part
import numpy as np
from core.parts import parts, row_sizes, spreads, used_weights
from core.survey import memory_needed

lm = {load}
whole = parts(lm.config)
assert whole == {found.whole!r}
assert sum(whole.values()) == lm.n_parameters
assert memory_needed(lm.config) == {current.memory}  # bytes, before a weight is read
for part, count in whole.items():
    print(f"{{part:14}} {{count:>13,}}")""",
        f"""# %% How large they are
def same(now, shown):
    np.testing.assert_allclose(now, shown, rtol=2e-3, atol=1e-6)


sizes = spreads(lm.transformer)
for part, shown in {{{sizes}}}.items():
    same(sizes[part], shown)
IDS, WRITTEN = {list(found.ids)}, {list(found.decoder_ids)}
same(row_sizes(lm.transformer, IDS), [{rows}])""",
        f"""# %% The question: how many of them the text uses, and the text that stands in its place
used = used_weights(lm.transformer, IDS, WRITTEN)
assert used == {found.used!r}
INSTEAD = {list(instead)}
before, after = (sum(counts.values()) for counts in (used, used_weights(lm.transformer, INSTEAD, WRITTEN)))
print(f"{{before:,}} of {{sum(whole.values()):,}} weights, then {{after:,}}")
assert (before, after) == ({answer.numbers["before"]}, {answer.numbers["after"]})""",
    ]
