"""Export Home's picture: what it is (`FIGURE`), its table, and notebook cells that assert its numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure
from app.markup import visible
from app.session.fields import BY_KEY
from core.analysis.patching.ablation import Effect
from core.analysis.stream.overview import Overview, overview
from core.messages import mark, mark_of, say, say_of
from pages.home.figure import home, record

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from pages.home.question import Question

# With how many decimals the picture writes the numbers of its largest arrays. Logits are not here: their exponentials,
# summed, are written with five.
DIGITS: dict[str, tuple[int, ...]] = {
    f"{heads}.{name}": (2, 3, 4) if name == "pattern" else (2,)
    for heads in ("own", "cross")
    for name in ("pattern", "q", "k", "v")
}
KEYS = ("block", "head", "follow", "ribbons", "attention", "temperature", "walk")
# How many blocks there are, at the beginning of a sentence.
WORDS = (
    "", mark_of("blocks", "One"), mark_of("blocks", "Two"), mark_of("blocks", "Three"), mark_of("blocks", "Four"),
    mark_of("blocks", "Five"), mark_of("blocks", "Six"), mark_of("blocks", "Seven"), mark_of("blocks", "Eight"),
    mark_of("blocks", "Nine"), mark_of("blocks", "Ten"), mark_of("blocks", "Eleven"), mark_of("blocks", "Twelve"),
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One pass over the text, and what is chosen in it."""

    lm: LanguageModel
    name: str  # the model's
    label: str  # its name in a sentence
    stamp: str  # changes when model, text or stack change
    overview: Overview
    selection: dict[str, Any]
    block: int
    head: int
    row: int  # that is followed
    kind: Literal["self", "cross", "encoder"]  # of attention

    @property
    def word(self) -> Callable[[int], str]:
        """How a person reads the token of an id."""
        return self.lm.tokenizer.display


def see(asked: Asked) -> Seen:
    """Run the model over the text, and bring what is chosen into what it has."""
    stack = str(asked.values["stack"]) if asked.both else "decoder"
    seen: Overview = asked.call(overview, asked.text, asked.target, stack)
    last = len(seen.ids) - 1
    follow = asked.at_most("follow", last)
    follow = -1 if follow == seen.predicting_row else follow
    block, head = (asked.block, asked.head) if seen.n_blocks else (0, 0)
    kind: Literal["self", "cross", "encoder"] = "self"
    if asked.both and stack == "encoder":
        kind = "encoder"
    elif seen.cross and asked.values["attention"] == "cross":
        kind = "cross"
    _check_step(asked, seen)
    chosen = {"block": block, "head": head, "follow": follow}
    selection = {key: asked.values[key] for key in KEYS} | chosen
    stamp = "\x1f".join([asked.key, asked.text, str(asked.target), stack])
    row = follow if follow >= 0 else seen.predicting_row
    return Seen(asked.lm, asked.name, asked.label, stamp, seen, selection, block, head, row, kind)


def _check_step(asked: Asked, seen: Overview) -> None:
    """Raise ValueError if the caller named a step that the picture does not have (`stepsOf` in selection.js)."""
    if "walk" not in asked.given:
        return
    each = 2 if seen.cross is None else 3
    ends = 0 if seen.logits is None else 2 + bool(seen.final_norm)
    count = 2 + (seen.position is not None) + each * seen.n_blocks + ends
    word, value = asked.given["walk"], int(asked.values["walk"])
    first = 1 if word == "walk" else 0  # a link counts the steps from 1, a call from 0
    if value > count:
        raise ValueError(f"{word}={value - 1 + first} {BY_KEY['walk'].beyond(count - 1 + first)}.")


# What stands at the end of the rows, by the shape of the model.
ENDS = {
    "decoder": mark("the last row predicts the next token."),
    "encoder": mark("each row guesses the token of its place."),
}


def claim(seen: Seen) -> str:
    """How many blocks add to the rows, and what their end is for."""
    shape, blocks = seen.overview.shape, seen.overview.n_blocks
    end = say(ENDS.get(shape, ENDS["decoder"]))
    if shape == "encoder-decoder" and seen.kind == "encoder":
        end = say("the decoder reads what they leave.")
    if seen.lm.config.head == "none":
        end = say("each ends as its token’s vector in this text.")
    if not blocks:
        return say("No blocks add to every row; {end}", end=end)
    count = say_of("blocks", WORDS[blocks]) if blocks < len(WORDS) else str(blocks)
    if blocks == 1:
        return say("{count} block adds to every row; {end}", count=count, end=end)
    return say("{count} blocks add to every row; {end}", count=count, end=end)


def sentence(seen: Seen) -> str:
    """What is on the picture: the model over the text, what the open head reads, what is predicted."""
    shown, row = seen.overview, seen.row
    blocks, tokens = counted(shown.n_blocks, "block"), counted(len(shown.tokens), "token")
    parts = [say("{model}, {blocks} over {tokens}.", model=seen.label, blocks=blocks, tokens=tokens)]
    heads = shown.cross if seen.kind == "cross" else shown.heads
    where: dict[str, Any] = {"row": row, "token": visible(shown.tokens[row])}
    if shown.n_blocks and heads is not None:
        weights = heads.pattern[seen.block, seen.head, row]
        column = int(weights.argmax())
        read = (shown.source if seen.kind == "cross" else shown.tokens)[column]
        parts.append(
            say(
                "Row {row}, “{token}”: {head} reads “{read}” most, {weight}.",
                **where,
                head=f"L{seen.block}H{seen.head}",
                read=visible(read),
                weight=f"{weights[column]:.3f}",
            )
        )
    if shown.logits is not None:
        best = zip(shown.top_ids[row, :3], shown.top_probabilities[row, :3], strict=True)
        said = ", ".join(f"“{visible(seen.word(int(token)))}” {p:.3f}" for token, p in best)
        parts.append(say("Row {row}, “{token}” predicts {best}.", **where, best=said))
    return " ".join(parts)


FIGURE = Figure(
    "home", home, see,
    record=lambda seen: record(seen.overview, seen.word, seen.row, seen.stamp) | {"model": seen.name},
    select=lambda seen: seen.selection, claim=claim, sentence=sentence,
    table=lambda seen: table(seen.overview, seen.word, seen.row),
    arguments=(
        Argument("layer", "block"), Argument("head", "head"), Argument("row", "follow"),
        Argument("step", "walk", numbered=1), Argument("stack", "stack"), Argument("attention", "attention"),
        Argument("temperature", "temperature"), Argument("ribbons", "ribbons"),
    ),
    longest=128, tall=620, digits=DIGITS, carried="pages/home/carried/computing.js",
)  # fmt: skip


def table(seen: Overview, word: Callable[[int], str], row: int) -> dict[str, Sequence[Any]]:
    """One line for each row and depth of the picture, then the followed row's predictions, best first."""
    names = [
        "row",
        "token",
        "place",
        "stream length",
        "attention adds",
        "cross-attention adds",
        "MLP adds",
        "guess",
        "probability",
    ]
    lines: list[list[Any]] = []
    for i, token in enumerate(seen.tokens):
        for depth in range(len(seen.resid)):
            block = depth - 1
            added = [
                float(norms[block, i]) if depth and norms is not None else None for norms in _added(seen)
            ]
            guess: list[Any] = [None, None]
            if seen.lens_ids.size:
                guess = [word(int(seen.lens_ids[depth, i])), float(seen.lens_probabilities[depth, i])]
            place = f"after block {block}" if depth else "embedding"
            lines.append([i, token, place, float(seen.resid[depth, i]), *added, *guess])
    if seen.logits is not None:
        best = zip(seen.top_ids[row], seen.top_probabilities[row], strict=True)
        for rank, (token_id, p) in enumerate(best, start=1):
            guess = [word(int(token_id)), float(p)]
            lines.append([row, seen.tokens[row], f"prediction {rank}", None, None, None, None, *guess])
    return {name: [line[k] for line in lines] for k, name in enumerate(names)}


def _added(seen: Overview) -> list[Any]:
    return [seen.heads.added, None if seen.cross is None else seen.cross.added, seen.mlp]


def cells(load: str, given: dict[str, Any], seen: Overview, place: dict[str, Any]) -> list[str]:
    """Cells that run the pass again and assert every number on the screen.

    Args:
        load: the call that loads the model, as source.
        given: TEXT, and for an encoder-decoder TARGET and STACK: what `overview` was asked.
        place: block, head, row, kind ("self", "cross" or "encoder") of the selection.
    """
    block, head, row = place["block"], place["head"], place["row"]
    prefix = f"{seen.stack}." if seen.shape == "encoder-decoder" else ""
    attention = "cross_attn" if place["kind"] == "cross" else "attn"
    asked = ", ".join(["lm", *given])
    made = [
        _source(f"""
            import numpy as np
            from core.analysis.stream.overview import overview

            lm = {load}
            """)
        + "".join(f"{name} = {value!r}\n" for name, value in given.items())
        + _source(f"""
            seen = overview({asked})
            trace = lm.trace({", ".join(name for name in given if name != "STACK")})
            ROW = {row}  # the followed token
            assert seen.tokens == {seen.tokens!r}


            def same(now, shown):
                np.testing.assert_allclose(np.asarray(now, dtype=float), shown, rtol=2e-3, atol=1e-3)
            """),
        _source(f"""
            # %% How long the followed row is: entering block 0, and leaving each block
            same(seen.resid[:, ROW], {_numbers(seen.resid[:, row])})
            """),
    ]
    if seen.n_blocks:
        heads = seen.cross if place["kind"] == "cross" else seen.heads
        assert heads is not None
        made.append(
            _source(f"""
            # %% What L{block}H{head} reads for it, and what each block adds
            reads = trace["{prefix}blocks.{block}.{attention}.hook_pattern"][{head}, ROW]
            same(reads.cpu(), {_numbers(heads.pattern[block, head, row])})
            same(seen.{"cross" if place["kind"] == "cross" else "heads"}.added[:, ROW], {_numbers(heads.added[:, row])})
            same(seen.mlp[:, ROW], {_numbers(seen.mlp[:, row])})
            """)
        )
    if seen.logits is not None:
        made += _predictions(seen, row)
    return made


def ablation_cell(given: dict[str, Any], place: dict[str, Any], found: Effect) -> str:
    """A cell that switches the chosen head off and asserts what that does to the token of `found`."""
    token = found.token
    asked = ", ".join(name for name in given if name != "STACK")
    return _source(f"""
        # %% L{place["block"]}H{place["head"]} off: what happens to token {token}
        with core.intervene(core.ablate_head({place["block"]}, {place["head"]}, attention="{place["kind"]}")):
            off = lm.trace({asked}).logits[{place["row"]}].float().softmax(-1)
        on = trace.logits[{place["row"]}].float().softmax(-1)
        same([on[{token}].item(), off[{token}].item()], [{found.before:.6g}, {found.after:.6g}])
        """)


def carried_cell(question: Question) -> str:
    """A cell that replaces the question's token, and measures how far the row moves without each part."""
    found, ctx = question.measure(), question.ctx
    target = "None"
    if ctx.both and ctx.target:
        target = repr(list(ctx.lm.encode(ctx.target, add_special_tokens=False)))
    return _source(f"""
        # %% The question: what comes from row {question.place} to row {question.row}, each part off
        from core.analysis.patching.carrying import carried

        ids = trace.ids.tolist()
        where = ({question.place}, {question.other}, {question.row})  # a token, what stands in its place, the row
        found = carried(lm, ids, *where, target={target}, stack={question.stack!r})
        print(found)
        same(
            [found.whole, found.without_attention, found.without_mlp],
            {_numbers([found.whole, found.without_attention, found.without_mlp])},
        )
        """)


def _predictions(seen: Overview, row: int) -> list[str]:
    ids = [int(token) for token in seen.top_ids[row]]
    made = [
        _source(f"""
            # %% The bars at the right, at temperature 1
            p = trace.logits[ROW].float().softmax(-1)
            same(p[{ids}].cpu(), {_numbers(seen.top_probabilities[row])})
            [(lm.tokenizer.display(id), round(p[id].item(), 3)) for id in {ids}]
            """)
    ]
    if seen.lens_ids.size:
        made.append(
            _source(f"""
            # %% If the model stopped there: its head put to every depth of the stream
            from core.analysis.stream.logit_lens import logit_lens

            lens = logit_lens(lm, trace)
            assert lens.ids[:, ROW, 0].tolist() == {[int(token) for token in seen.lens_ids[:, row]]}
            same(lens.probabilities[:, ROW, 0], {_numbers(seen.lens_probabilities[:, row])})
            """)
        )
    return made


def _numbers(values: Any) -> str:
    return "[" + ", ".join(f"{float(value):.6g}" for value in values) + "]"


def _source(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")
