"""Home: the whole machine in one picture. One pass of the model over the text; any part of it opens its own page."""

from __future__ import annotations

from typing import Any

import core
from app.controls import bare_encoder, decoder_text
from app.counts import counted
from app.frame import cheatsheet as cheatsheet_map
from app.frame import page
from app.lessons import card
from app.rooms import token_question
from app.session import events, state
from core.analysis.patching import ablation
from core.analysis.stream.logit_lens import logit_lens
from core.analysis.stream.overview import overview
from core.decoding.answering import answer_with
from core.messages import say
from core.model.block import Block
from core.text import edit
from pages.home import class_question, controls, export, question
from pages.home.export import FIGURE, KEYS

TEXTS = [
    "A red ball was lost. She found the red",
    'Once upon a time, Lily met Tim. "Good morning, Lily," said',
    'Tim gave Lily a golden ball. "Thank you,',
    "Once upon a time, Lily lived by the lake. One day,",
    "It was raining, and Ben the baker",
]

BEGIN = say("Step through it, or write a text of your own.")
LEADS = {  # what a language model is, before what to do first
    "decoder": say("A language model reads a text and says how likely each token is to come next."),
    "encoder": say("This language model reads a text and says how likely each token is at each place."),
    "bare": say("This model reads a text and makes a list of numbers of each token in it."),
    "encoder-decoder": say("This language model reads one text and writes another, token by token."),
}

ctx = page.begin("home", longest=FIGURE.longest)
lm, shape = ctx.lm, ctx.lm.config.shape
both = ctx.both
stack = state.get("stack") if both else "decoder"
target = ctx.decoder_text
drawing = FIGURE.of(ctx.asked)
shown = drawing.seen
seen, block, head, row, kind = shown.overview, shown.block, shown.head, shown.row, shown.kind
last = len(seen.ids) - 1
state.fit({"follow": last, "block": max(0, seen.n_blocks - 1)})
state.put({"follow": shown.selection["follow"]})
place = {"block": block, "head": head, "row": row, "kind": kind}
given: dict[str, Any] = {"TEXT": ctx.text} | ({"TARGET": target, "STACK": stack} if both else {})


def appended() -> None:
    """Put the chosen token at the end of the text, into its mask, or after an encoder-decoder's answer so far."""
    asked = events.sent("home", "append")
    token, at = (int(asked.get(name, -1)) for name in ("id", "row"))
    if not (0 <= token < lm.config.d_vocab and 0 <= at <= last):
        return
    if shape == "encoder":
        state.set("text", edit.replaced(lm.tokenizer, ctx.text, at, token))
        return
    key, before = ("target", ctx.target) if both else ("text", ctx.text)
    after = answer_with(lm, before, [token]) if both else edit.continued(lm.tokenizer, before, token)
    if after == before:
        state.note(
            say(
                "“{token}” is no text: with it the model says that it has finished.",
                token=lm.tokenizer.display(token),
            )
        )
    elif len(seen.ids) >= min(FIGURE.longest or 0, lm.config.n_ctx):
        state.note(
            say(
                "All {rows} of the picture are used up: shorten the text to append to it.",
                rows=counted(len(seen.ids), "row"),
            )
        )
    else:
        state.update({key: after, "follow": -1})


def effect(token: int | None) -> ablation.Effect:
    """The chosen head's worth to `token` at the followed row; of an encoder's head, to the decoder's next token."""
    change = core.ablate_head(block, head, attention=kind)
    return ablation.effect(lm, ctx.text, change, row=-1 if token is None else row, token=token, target=target)


def another(seed: int) -> dict[str, Any]:
    """Another row to ask about; of a text of one row, another text."""
    if asked.place >= 0:
        return dict(question.another(last + 1, row, seen.predicting_row, seed))
    return {**page.another_text(TEXTS)(seed), **({"stack": "encoder"} if both else {})}


def cells() -> list[str]:
    """The notebook: the pass again, every shown number asserted, and the chosen head switched off."""
    made = export.cells(ctx.load_source, given, seen, place)
    if seen.n_blocks and lm.config.head == "none":
        answer = bare_encoder.judge(lm, ctx.text, [core.ablate_head(block, head)])
        made.append(bare_encoder.cell(ctx.text, f"core.ablate_head({block}, {head})", "import core", answer))
    elif seen.n_blocks:
        token = None if seen.logits is None else int(seen.top_ids[row, 0])
        at = place if token is not None else place | {"row": -1}
        made.append(export.ablation_cell(given, at, effect(token)))
    if seen.n_blocks and asked.place >= 0:
        made.append(export.carried_cell(asked))
    return made


def asking() -> None:
    """The button that asks the class for a token of the list."""
    label = say("Ask the class for the hidden token") if shape == "encoder" else ""
    token_question.button(lambda: class_question.question(lm, seen, row), label)


asked = question.ask(ctx, seen.ids.tolist(), seen.tokens, row, stack, seen.predicting_row)
page.claim(
    drawing.claim,
    say(
        "{parameters} parameters, all of it computed now in {milliseconds} ms",
        parameters=f"{seen.parameters:,}",
        milliseconds=f"{seen.milliseconds:.0f}",
    ),
)
page.lead(f"{LEADS['bare' if lm.config.head == 'none' else shape]} {BEGIN}")
card.draw()
# A double-click or Enter on a head leads to its own page, with the same text, block and head.
drawing.mount("home", {"select": lambda: events.select("home", KEYS), "append": appended})
controls.draw(seen, both, asking)
decoder_text.draw(ctx, empty=controls.EMPTY)
with page.foot():
    if seen.n_blocks:
        about = (ctx.model_key, ctx.text, target, stack, row, asked.place)
        page.predict(asked.asked.text, asked.asked.options, asked.judge, about, another)
    page.code(Block.forward, Block.add, type(lm.transformer).forward, overview, logit_lens)
    page.take_away(drawing, None, cells)
page.terms(
    "token", "embedding", "row", "residual stream", "block", "head", "L1H0", "query", "key", "value", "attention",
    "MLP", "ribbon", "dot", "plus sign", "norm", "logits", "softmax", "temperature", "logit lens",
    *(["cross-attention"] if both else []),
)  # fmt: skip
page.cheatsheet("home")
cheatsheet_map.draw()
page.examples(TEXTS)
