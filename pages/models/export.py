"""Export the models and the weights of the open one: as a table, and as notebook cells that count again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.controls.predict import Answer
from app.models.gallery import SOURCES, Entry
from core.language_model import LanguageModel
from core.parts import PARTS
from pages.models.figure import TITLES, Use

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
