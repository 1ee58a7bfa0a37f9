"""Fine-tuning: tales-bert adapted to a task in four ways: what each learns, costs and forgets; LoRA's arithmetic."""

from __future__ import annotations

from dataclasses import replace

from app.controls import unlike_text
from app.frame import page
from app.session import events, state
from core.decoding.labels import classify
from core.messages import say
from core.runs.fine_tuning import bundled_base
from core.training.lora import Adapter, trained
from core.training.tuned import count
from pages.fine_tuning import controls, export, own, own_lines
from pages.fine_tuning.export import FIGURE, KEYS
from pages.fine_tuning.figure import BASE
from pages.fine_tuning.question import another, ask

LONGEST = 100  # tokens of the text
APART = say(
    "It does nothing on this page, nor would its Rewind: what reads your text is {base}, adapted.", base=BASE
)
EXAMPLES = (
    "Nora lost the red kite. Tom found the kite under the bench.",
    "Jane walked to the mill. There the golden key was, under a stone.",
    "Ben came to the bridge. The road to the farm was under water.",
    "Lily ran to the park. Without a sound, her bell ended up in the pond.",
)

ctx = page.begin("fine_tuning", longest=LONGEST, apart=APART)
found = FIGURE.of(ctx.asked)
drawing = replace(found, seen=found.seen.beside(own.all_arms(), own.LEARNED))
seen = drawing.seen
job, arms = seen.job, seen.arms


def axis() -> None:
    """The picture asked for steps or seconds across."""
    chosen = events.sent("picture", "axis").get("x")
    if chosen in ("step", "seconds"):
        state.set("axis", chosen)


page.claim(drawing.claim)
drawing.mount(
    "picture",
    {
        "select": lambda: events.select("picture", KEYS),
        "arrived": lambda: None,  # the run of the page that comes with it reads what is new
        "axis": axis,
    },
    tokens=list(ctx.tokens),
)

if job == "sentiment":
    unlike_text.note_of_news(ctx.text)
else:
    unlike_text.note(ctx.text)
with page.controls():
    controls.draw(arms)

question = ask(job)
base, adding = bundled_base(BASE).config, (int(state.get("rank")), own.targets())

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
        replace(drawing, seen=seen.still),
        None,
        lambda: export.cells(
            job, arms, seen.ways, ctx.text, seen.question, base, adding, question.judge(), own.packed
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
