"""The picture of three questions to one pass: lens, direct attribution and patching (figure.js draws it).

`ask` makes the question whole out of what was chosen and what the model says; `look` asks core for lens and
attribution, `at_once` for the patches (`controls.Measure` has them bit by bit); `record` turns all into the component's
JSON. The arithmetic is core's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from app import reading
from app.kit import pack, register
from app.session.fields import Value
from core.analysis.patching.corrupting import Change, corrupt
from core.analysis.patching.patches import LEAST_GAP, NothingToRecover, Patching, slight
from core.analysis.patching.sweep import patched, steps
from core.analysis.patching.text_pairs import TextPair, Unlike, text_pair
from core.analysis.places import Kind
from core.analysis.stream.direct_attribution import Attribution, attribute
from core.analysis.stream.logit_lens import LogitLens, logit_lens
from core.language_model import LanguageModel
from core.messages import mark, say

interpretability = register("interpretability", __file__)

TOP = 5  # tokens of the lens at each place
LOUD = 6  # neurons that are named

Array = np.ndarray[Any, Any]
QUICK = 5e9  # weights x positions: up to here all places are patched without a bar
ASKS = 3e11  # and up to here all blocks, or else the first round of them, without being asked to
A_SECOND = 4e10  # of the same, roughly, on one processor

Ends = tuple[float, float, int, tuple[str, ...], str]  # see `see_ends`


# --------------------------------------------------------------------------- the question

LONGEST = 40  # tokens of a text
NOTHING = -2  # in place of a second token: the plain logit
AMONG = 10  # of what the corrupted text finds likeliest, the second token is taken
WORK = 1.5e10  # weights x tokens x candidates that the search for a corrupted text may read


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question of the whole page.

    Attributes:
        clean, corrupted: the texts; corrupted "": there is none. change: how the page made it; None: typed.
        pair: both as ids, aligned; None where they cannot be compared, and then `why` says why.
        row: of the clean text's logits, from 0. token: whose logit is explained; against: and whose is taken off.
        likely: tokens that the list of answers offers.
        firsts: the likeliest token of the clean text at the row; then that of the corrupted one, where there is a pair.
        target: of an encoder-decoder, what is written so far.
        said: what is to be told of the typed text: that it was cut, or mended.
    """

    clean: str
    corrupted: str
    change: Change | None
    pair: TextPair | None
    row: int
    token: int
    against: int | None
    likely: tuple[int, ...]
    firsts: tuple[int, ...]
    target: str | None
    why: str = ""
    said: str = ""


@dataclass(frozen=True)
class Other:
    """The corrupted text, "" if there is none. change: how the page made it; None: typed. said: what is to be told."""

    text: str
    change: Change | None = None
    said: str = ""


def other_text(
    lm: LanguageModel, text: str, target: str | None, typed: str, row: int, seed: int, longest: int
) -> Other:
    """Return the corrupted text: the learner's, as far as it fits, or a change of the text that the page finds.

    Args:
        typed: the learner's corrupted text; "": the page finds one. seed: of what it draws.
        row: of the logits, or from the end if negative. longest: how many tokens the picture holds.
    """
    if typed:
        read = reading.read(lm, typed, "", longest)
        return Other(
            read.text, None, " ".join(read.notes).replace(say("Your text"), say("The corrupted text"))
        )
    tokens = max(1, len(lm.tokenizer.encode(text)))
    most = int(min(40, max(6, WORK / (lm.n_parameters * tokens))))
    rows = len(lm.batch(text, target)[-1][0])
    change = corrupt(lm, text, row=row if -rows <= row < rows else -1, target=target, seed=seed, most=most)
    return Other("" if change is None else change.text, change)


def ask(
    lm: LanguageModel, text: str, target: str | None, other: Other, row: int, token: int, versus: int
) -> Asked:
    """Resolve the question: the pair of texts, the row, the token, and the one whose logit is taken off.

    Args:
        row: of the logits, or from the end if negative; one that is not there stands for the last.
        token, versus: ids; -1: the likeliest at the row, and what the corrupted text says instead; versus -2: nothing.
    """
    rows = lm.batch(text, target)[-1].shape[1]
    at = row % rows if -rows <= row < rows else rows - 1
    corrupted = other.text
    pair, why = None, say("No word of this text could be changed: type a corrupted text.")
    if corrupted:
        try:
            pair, why = text_pair(lm, text, corrupted, row=at, target=target), ""
        except Unlike as reason:
            why = str(reason)
    clean, *others = _logits(lm, [(text, at)] + ([] if pair is None else [(corrupted, pair.row)]), target)
    theirs = others[0] if others else None
    answer = token if 0 <= token < lm.config.d_vocab else int(clean.argmax())
    against = _against(lm, clean, theirs, answer, versus)
    likely = [answer, *clean.topk(min(5, len(clean))).indices.tolist()]
    if theirs is not None:
        likely += theirs.topk(min(3, len(theirs))).indices.tolist()
    firsts = tuple(int(one.argmax()) for one in (clean, theirs) if one is not None)
    return Asked(
        clean=text, corrupted=corrupted, change=other.change, pair=pair, row=at, token=answer, against=against,
        likely=tuple(dict.fromkeys(int(one) for one in likely)), firsts=firsts, target=target, why=why,
        said=other.said,
    )  # fmt: skip


def _logits(lm: LanguageModel, asked: Sequence[tuple[str, int]], target: str | None) -> list[Tensor]:
    """Compute the logits (V,) of each text at its row; texts of one length are read together."""
    read = [lm.batch(text, target) for text, _ in asked]
    ids = [batch[0][0] for batch in read]
    with torch.no_grad():
        if len(read[0]) == 2 or len({len(one) for one in ids}) > 1:
            return [lm.transformer(*batch)[0, row].double() for batch, (_, row) in zip(read, asked)]
        only = torch.zeros(len(ids), len(ids[0]), dtype=torch.bool, device=lm.device)
        for line, (_, row) in zip(only, asked):
            line[row] = True
        return list(lm.transformer(torch.stack(ids), only=only).double())


def _against(lm: LanguageModel, clean: Tensor, other: Tensor | None, answer: int, versus: int) -> int | None:
    """Choose the second token: the corrupted text's likeliest, or, if that is the answer, what rose most."""
    if versus == NOTHING:
        return None
    if 0 <= versus < lm.config.d_vocab:
        return versus
    if other is None:
        return None
    first = other.topk(min(AMONG, len(other))).indices.tolist()
    rest = [one for one in first if one != answer]
    if not rest or first[0] != answer:
        return rest[0] if rest else None
    return int(max(rest, key=lambda one: float(other[one] - clean[one])))


# The first look is the lens; what is long to compute is computed only in a part that is open.
SAYS, PATCHES, TOKENS = PARTS = ("says", "patches", "tokens")
# Steps of the picture that show a part, whether or not it is open in the whole picture.
_PATCHED, _SAID = (3, 4, 5), (2, 3, 4, 5)


def parts_open(values: Mapping[str, Value]) -> tuple[str, ...]:
    """List the open parts: those that were opened, and those that hold what a link or a step shows."""
    found = set(str(values["unfold"]).split())
    stage, sight, tier = int(values["stage"]), values["sight"], int(values["tier"])
    if (
        stage in _PATCHED
        or sight in ("attention", "cross", "mlp", "heads")
        or (sight == "stream" and tier >= 0)
    ):
        found.add(PATCHES)
    if stage in _SAID or sight in ("parts", "heads"):
        found.add(SAYS)
    return tuple(part for part in PARTS if part in found)


# --------------------------------------------------------------------------- patches


@dataclass(frozen=True)
class Maps:
    """What has been patched so far.

    found: site -> block -> a line, as `core.analysis.patching.patches` gives them: positions are the corrupted text's;
    "head" (H,) and "heads" (H, T') a block. done, total: results, without "heads". clean, corrupted: what both texts
    say. why: nothing can be patched.
    """

    found: dict[str, dict[int, Array]] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    clean: float = 0.0
    corrupted: float = 0.0
    sites: tuple[str, ...] = ()
    why: str = ""

    @property
    def slight(self) -> str:
        """What is to be said where the texts differ by less than `LEAST_GAP`; "" where they do not."""
        if self.why or not self.total or not slight(self.clean, self.corrupted):
            return ""
        gap = abs(self.clean - self.corrupted)
        return say(
            "Both texts say nearly the same: {gap} apart, less than {least}. There is hardly "
            "a difference to share out, so the shares mean little; take another pair.",
            gap=f"{gap:.2f}",
            least=f"{LEAST_GAP:g}",
        )

    @property
    def whole(self) -> bool:
        """All is there."""
        return self.total > 0 and self.done == self.total

    def rows(self, name: str) -> Array | None:
        """All blocks of a map, (L, ...); None while one is not patched."""
        lines = self.found.get(name, {})
        if not lines or not self.whole:
            return None
        return np.stack([lines[layer] for layer in sorted(lines)])


def prepared(lm: LanguageModel, asked: Asked, kind: Kind) -> Patching:
    """Run both texts, ready to be patched. `asked` has a pair."""
    assert asked.pair is not None
    return Patching.of(lm, asked.pair, asked.token, asked.against, attention=kind)


def see_maps(lm: LanguageModel, asked: Asked, kind: Kind) -> tuple[Ends, dict[str, Array]]:
    """Measure what both texts say, and patch all sites and heads; {}: nothing can be patched."""
    found = prepared(lm, asked, kind)
    ends = _ends(found)
    return ends, {} if ends[-1] else patched(found, by_place=False)


def see_heads(lm: LanguageModel, asked: Asked, kind: Kind) -> Array:
    """Patch the heads at one position at a time, (L, H, T'): more work than all other maps together."""
    found = prepared(lm, asked, kind)
    lines = [found.by_head_and_place(layer) for layer in range(found.layers)]
    return np.array(lines).reshape(found.layers, found.heads, len(found.counterpart))


def see_ends(lm: LanguageModel, asked: Asked, kind: Kind) -> Ends:
    """Measure what both texts say, count the results, and name the sites, or why there are none."""
    return _ends(prepared(lm, asked, kind))


def _ends(found: Patching) -> Ends:
    why = ""
    try:
        found.recovered(0.0)
    except NothingToRecover as reason:
        why = str(reason)
    return found.clean, found.corrupted, steps(found, by_place=False), tuple(found.sites), why


def cost(lm: LanguageModel, positions: int, layers: int, sites: int, by_place: bool = True) -> float:
    """Estimate the work of all maps, in weights x positions, half of the blocks each on average."""
    variants = layers * (sites * positions + lm.config.n_heads * (1 + by_place * positions))
    return 0.5 * lm.n_parameters * positions * variants


def told(ends: Ends) -> Maps:
    """Say what both texts come to, before anything is patched."""
    clean, corrupted, total, sites, why = ends
    return Maps(total=total, clean=clean, corrupted=corrupted, sites=sites, why=why)


def at_once(call: Callable[..., Any], asked: Asked, kind: Kind, by_place: bool) -> Maps:
    """Patch all that is looked at, at once.

    Args:
        call: as `app.kit.figures.Asked.call`. by_place: heads are looked at one position at a time.
    """
    found, maps = call(see_maps, asked, kind)
    ends = told(found)
    if ends.why:
        return ends
    lines = {name: dict(enumerate(rows)) for name, rows in maps.items()}
    if by_place:
        lines["heads"] = dict(enumerate(call(see_heads, asked, kind)))
    return replace(ends, found=lines, done=ends.total)


def sites_of(kind: Kind) -> int:
    """Count the things of a place that are patched."""
    return 3 + (kind != "encoder")


def full(lines: Mapping[int, Array], layers: int) -> Array:
    """Stack the lines of the blocks that are patched, (L, ...), nan in those that are not."""
    some = next(iter(lines.values()))
    return np.stack([lines.get(layer, np.full_like(some, np.nan)) for layer in range(layers)])


# ----------------------------------------------------------------------------------------- the picture


@dataclass(frozen=True)
class Looked:
    """Of the clean text: what each depth would say, and the logit in parts. lens None: the model has no blocks.

    ids: of the rows of the logits, the decoder's in an encoder-decoder. probability: of the answer, at the row.
    """

    ids: tuple[int, ...]
    lens: LogitLens | None
    parts: Attribution
    probability: float


def look(lm: LanguageModel, asked: Asked) -> Looked:
    """Compute lens and attribution, from one pass."""
    with torch.no_grad():
        trace = lm.trace(asked.clean, asked.target)
    lens = logit_lens(lm, trace, TOP, asked.token) if lm.config.decoder_layers else None
    parts = attribute(
        lm, asked.clean, asked.token, asked.against, row=asked.row, target=asked.target, trace=trace
    )
    read = trace.ids if trace.decoder_ids is None else trace.decoder_ids
    chances = trace.logits[asked.row].detach().float().softmax(-1)
    return Looked(tuple(read.tolist()), lens, parts, float(chances[asked.token]))


def rows_of(asked: Asked, looked: Looked, kind: Kind, both: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids of the patched stack in the clean text, and for each its position in the corrupted one, or -1."""
    if both and kind != "encoder":
        return looked.ids, tuple(range(len(looked.ids)))
    if asked.pair is None:
        return looked.ids, (-1,) * len(looked.ids)
    return asked.pair.clean, asked.pair.back


def by_clean(line: Array, back: Sequence[int]) -> Array:
    """Move values (..., T') of the corrupted text's positions to the clean one's, (..., T); nan where there is none."""
    places = np.array([max(0, at) for at in back], dtype=int)
    values: Array = np.where(np.array(back) >= 0, line[..., places], np.nan)
    return values


def gathered(maps: Maps, back: Sequence[int]) -> dict[str, Array]:
    """Gather the maps so far by the clean text's positions: site -> (L, T), "head" -> (L, H), "heads" -> (L, H, T).

    nan: there is no counterpart, or the block is not patched yet (`Maps.found` has those that are).
    """
    layers = 1 + max((layer for lines in maps.found.values() for layer in lines), default=-1)
    return {
        name: full(
            lines if name == "head" else {layer: by_clean(line, back) for layer, line in lines.items()},
            layers,
        )
        for name, lines in maps.found.items()
        if lines
    }


SIGHTS = {"stream": "stream", "attention": "attention", "cross-attention": "cross", "mlp": "mlp"}


def strongest(found: Mapping[str, Array]) -> tuple[int, int] | None:
    """Find the stream's patch that brings most back, (position, block), of equals the latest block; None: none yet.

    What is put in before the first block is the other word itself: the first block that reads it counts from there on.
    """
    if "stream" not in found:
        return None
    values = np.nan_to_num(
        found["stream"][::-1], nan=-np.inf
    )  # the last block first; not patched yet: the last of all
    block, position = np.unravel_index(int(values.argmax()), values.shape)
    return int(position), len(values) - 1 - int(block)


def best_head(maps: Maps, layers: int) -> tuple[int, int] | None:
    """Find the head that brings most back alone, (block, head); None while not all are known."""
    values = maps.rows("head") if layers else None
    if values is None:
        return None
    block, head = np.unravel_index(int(values.argmax()), values.shape)
    return int(block), int(head)


CLAIM = mark("An answer can be traced through the model.")


def record(
    lm: LanguageModel,
    asked: Asked,
    looked: Looked,
    maps: Maps,
    kind: Kind,
    *,
    stamp: str,
    seconds: int,
    opened: Sequence[str],
) -> dict[str, Any]:
    """Turn all into what figure.js draws.

    Args:
        stamp: changes with model, texts and question. seconds: about how long the patches take, if they wait.
        opened: the parts of the picture that are open.
    """
    both = lm.config.shape == "encoder-decoder"
    ids, back = rows_of(asked, looked, kind, both)
    found = gathered(maps, back)
    word = _namer(lm)
    best = strongest(found)
    others = _others(asked, ids, back, both and kind != "encoder")
    special = lm.special_ids
    return {
        "stamp": f"{stamp}\x1f{maps.done}\x1f{sorted(maps.found.get('heads', ()))}",
        "tokens": [_token(word, id, special) for id in looked.ids],
        "rows": [
            _token(word, id, special) | {"other": None if o is None else word(o), "place": at}
            for id, o, at in zip(ids, others, back)
        ],
        "one": ids == looked.ids and not (both and kind == "encoder"),
        "stack": "decoder" if both and kind != "encoder" else "encoder" if both else "",
        "blocks": lm.config.n_layers if kind == "encoder" and both else lm.config.decoder_layers,
        "heads": lm.config.n_heads, "mark": "X" if kind == "cross" else "H",
        "row": asked.row,
        "answer": {"text": word(asked.token), "id": asked.token},
        "against": None if asked.against is None else {"text": word(asked.against), "id": asked.against},
        "probability": looked.probability, "firsts": [{"text": word(one), "id": one} for one in asked.firsts],
        "corrupted": asked.corrupted, "change": None if asked.change is None else [asked.change.old, asked.change.new],
        "says": {"clean": maps.clean, "corrupted": maps.corrupted},
        "lens": _lens(looked.lens, word), "vocabulary": lm.config.d_vocab,
        "parts": _parts(looked.parts, kind),
        "maps": {SIGHTS.get(name, name): pack(values) for name, values in found.items()},
        "patched": {SIGHTS.get(name, name): sorted(lines) for name, lines in maps.found.items()},
        "done": maps.done, "total": maps.total, "whole": maps.whole, "why": maps.why, "seconds": seconds,
        "slight": maps.slight, "opened": list(opened),
        "told": asked.said, "best": best and {"row": best[0], "tier": best[1]},
        "sites": [SIGHTS[site] for site in maps.sites] or ["stream", "attention", "mlp"],
    }  # fmt: skip


def _namer(lm: LanguageModel) -> Callable[[int], str]:
    return lm.tokenizer.display


def _token(word: Callable[[int], str], id: int, special: frozenset[int]) -> dict[str, Any]:
    return {"text": word(id), "id": id, "special": id in special}


def _others(asked: Asked, ids: Sequence[int], back: Sequence[int], written: bool) -> list[int | None]:
    """Return what stands in the corrupted text where another token does; the decoder reads the same in both."""
    if asked.pair is None or written:
        return [None] * len(ids)
    theirs = [asked.pair.corrupted[at] if at >= 0 else None for at in back]
    return [None if one is None or one == id else one for one, id in zip(theirs, ids)]


def _lens(lens: LogitLens | None, word: Callable[[int], str]) -> dict[str, Any] | None:
    if lens is None:
        return None
    assert lens.chance is not None and lens.rank is not None
    return {
        "ids": lens.ids.tolist(), "words": {int(id): word(int(id)) for id in np.unique(lens.ids)},
        "probabilities": pack(lens.probabilities), "own": pack(lens.own), "chance": pack(lens.chance),
        "rank": lens.rank.tolist(),
    }  # fmt: skip


def _parts(parts: Attribution, kind: Kind) -> dict[str, Any]:
    heads = parts.cross if kind == "cross" and parts.cross is not None else parts.heads
    loud = [
        sorted(
            ((int(n), float(line[n])) for n in np.argsort(-np.abs(line))[:LOUD]), key=lambda one: -abs(one[1])
        )
        for line in parts.neurons
    ]
    return {
        "lines": [vars(line) for line in parts.lines],
        "logit": parts.logit, "total": parts.total, "error": parts.error, "frozen": list(parts.frozen),
        "heads": pack(heads) if kind != "encoder" else None, "neurons": loud,
    }  # fmt: skip
