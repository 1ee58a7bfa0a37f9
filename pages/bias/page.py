"""Bias: an association test on word vectors, what chance makes of it, and what removing a direction leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app import events, models, page, state, takeaway
from core.vectors import association, debiasing, leftover
from pages.bias import controls, limits, question, take
from pages.bias import corpus_lab as more
from pages.bias import figure as view

LONGEST = 64  # tokens of the text
KEYS = ("stage", "weat", "subject", "mate")
CODE: dict[str, tuple[Callable[..., Any], ...]] = {
    "cosine": (association.cosines, association.unit),
    "word": (association.association, association.cosines),
    "chance": (association.permutation_test, association.measure),
    "removal": (debiasing.gender_direction, debiasing.remove, leftover.leftover, leftover.told_apart),
}
WHOLE = (association.measure, association.association, association.effect_size, association.permutation_test)
EXAMPLES = (
    "The nurse helped the engineer, and the teacher thanked the pilot.",
    "The physics professor likes poetry, dance and old novels.",
    "A soldier came home to his family and opened a shop.",
    "The lawyer, the cook and the singer met in an office.",
)

ctx = page.begin("bias", longest=LONGEST)
seen = view.see(ctx)
below = more.Below(ctx)

page.claim("Word vectors carry the associations of their text.")
data = view.record(ctx, seen)
data["selection"] = events.selection("picture", {key: state.get(key) for key in KEYS})
view.draw(
    data,
    key="picture",
    on={"select": lambda: events.select("picture", KEYS), "visit": lambda: events.visit("picture")},
)

with page.controls():
    controls.draw(seen)

asked = question.ask(seen)
opened = models.resolve(ctx.name).target
load = f"core.load({str(opened)!r}" + ("" if ctx.snapshot is None else f", snapshot={ctx.snapshot}") + ")"

with page.foot():
    about = (asked.kind, asked.table.at, asked.table.key, asked.lists)
    page.predict(asked.text, asked.options, asked.judge, about)
    page.code(*CODE.get(seen.step, WHOLE))
    page.take_away(
        "bias",
        lambda: takeaway.joined(take.table(seen), below.table()),
        lambda: [*take.cells(seen, load, asked), *below.cells()],
    )

limits.show()
go_on = below.show()
page.terms(
    "WEAT", "association", "cosine", "effect size", "permutation test", "p-value", "gender direction", "projection",
    "probe", "interval", "GloVe", "word2vec", *more.TERMS,
)  # fmt: skip
page.cheatsheet("bias")
page.examples(EXAMPLES)
go_on()
