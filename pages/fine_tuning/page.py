"""Fine-tuning: tales-bert adapted to a task in four ways: what each learns, costs and forgets; LoRA's arithmetic."""

from __future__ import annotations

from functools import partial

from app.controls import unlike_text
from app.frame import page
from app.session import events, state
from core.decoding.labels import classify
from core.runs.fine_tuning import bundled_base
from core.training.lora import Adapter, trained
from core.training.tuned import count
from pages.fine_tuning import controls, export, figure, own_lines, ways
from pages.fine_tuning.question import another, ask

LONGEST = 100  # tokens of the text
APART = f"It does nothing on this page, nor would its Rewind: what reads your text is {figure.BASE}, adapted."
KEYS = ("stage", "wrow", "wcol")
EXAMPLES = (
    "Nora lost the red kite. Tom found the kite under the bench.",
    "Jane walked to the mill. There the golden key was, under a stone.",
    "Ben came to the bridge. The road to the farm was under water.",
    "Lily ran to the park. Without a sound, her bell ended up in the pond.",
)

ctx = page.begin("fine_tuning", longest=LONGEST, apart=APART)
job = ways.task()
arms = ways.all_arms()
records = figure.record_ways(arms, ctx.text, str(state.get("quiz")))
cell = (state.get("wrow"), state.get("wcol"))

page.claim("Few new numbers teach a trained model a new task.")
data = {
    "job": job,
    "text": ctx.text,
    "tokens": list(ctx.tokens),
    "title": "Held-out news judged right" if job == "sentiment" else "Held-out questions answered exactly",
    "asks": "Your text:" if job == "sentiment" else "Answer:",
    "guessing": {"value": 0.5, "text": "guessing: one of two"} if job == "sentiment" else None,
    "low": 0.4 if job == "sentiment" else 0.0,
    "about": figure.ABOUT[job],
    "x": "seconds" if state.get("axis") == "seconds" else "step",
    "ways": records,
    "lora": figure.record_lora(arms["lora"], cell, arms["full"]),
    "selection": events.selection("picture", {key: state.get(key) for key in KEYS}),
}
figure.draw(
    data,
    key="picture",
    on={
        "select": lambda: events.select("picture", KEYS),
        "arrived": lambda: None,  # the run of the page that comes with it reads what is new
        "axis": figure.axis,
    },
)

if job == "sentiment":
    unlike_text.note_of_news(ctx.text)
else:
    unlike_text.note(ctx.text)
with page.controls():
    controls.draw(arms)

question = ask(job)
base, adding = bundled_base(figure.BASE).config, (int(state.get("rank")), ways.targets())

with page.foot():
    page.predict(
        question.asked.text,
        question.asked.options,
        question.judge,
        (question.task,),
        lambda _: another(question),
    )
    page.code(Adapter.product, trained, count, classify)
    page.take_away(
        "fine_tuning",
        partial(export.table, arms, records),
        lambda: export.cells(
            job, arms, records, ctx.text, str(state.get("quiz")), base, adding, question.judge()
        ),
    )

lines = own_lines.draw()
page.terms(
    "fine-tuning", "pretraining", "frozen body", "LoRA", "rank", "forgetting", "validation", "step", "loss",
    "parameters", "interval",
)  # fmt: skip
page.cheatsheet("fine_tuning")
page.examples(EXAMPLES)
own_lines.go_on(lines)
