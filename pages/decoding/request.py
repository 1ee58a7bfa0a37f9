"""Read the page's fields into one hashable request to `core`; the functions that the cache calls with it.

What could not be taken as it stands is told in a word.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app import markup
from app.counts import counted
from app.kit import figures
from core.decoding import exact, stages
from core.decoding.tree import Tree, grow
from core.language_model import LanguageModel
from core.messages import say

SHOWN = 16  # tokens of a distribution
PALE = 3  # untaken children of a node
SEARCHED = 110  # passes that the exact search may take: enough to prove 8 tokens of the usual texts
FEWER = 48  # of a model with more than
HEAVY = 20_000_000  # parameters
DEEPEST = 12  # tokens: beyond, so few passes prove nothing
WARPERS = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
LARGEST = 1_200  # beams times steps: more nodes do no picture good


@dataclass(frozen=True)
class Asked:
    """Request one tree: what is read, how far it grows, which strategies walk through it.

    ids: the prompt. target: what an encoder-decoder's decoder has written; None elsewhere.
    slots: the positions of an encoder's blanks; None elsewhere.
    forced: the tokens of a branch chosen by hand; () for none.
    options: of `DecodingOptions`, as (name, value) pairs in the order of their names.
    """

    ids: tuple[int, ...]
    target: str | None
    slots: tuple[int, ...] | None
    depth: int
    strategies: tuple[str, ...]
    forced: tuple[int, ...]
    options: tuple[tuple[str, Any], ...]

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of `grow`, but the prompt."""
        return {
            "depth": self.depth,
            "strategies": self.strategies,
            "forced": (self.forced,) if self.forced else (),
            **self.place(),
            **dict(self.options),
        }

    def place(self) -> dict[str, Any]:
        """Return where the tokens go, as keyword arguments of `core.decoding`: none for a decoder."""
        given = {"target": self.target, "slots": self.slots}
        return {name: value for name, value in given.items() if value is not None}

    def warpers(self) -> dict[str, Any]:
        """Select the options that change a distribution."""
        return {name: value for name, value in self.options if name in WARPERS}


def options(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Convert the page's fields to `DecodingOptions`: what is off is None, or the value that changes nothing."""
    found = {
        "n_beams": max(1, values["beams"]),
        "length_penalty": float(values["penalty"]),
        "temperature": float(values["temperature"]),
        "top_k": values["topk"] or None,
        "top_p": None if values["topp"] >= 1 else float(values["topp"]),
        "min_p": float(values["minp"]) or None,
        "repetition_penalty": float(values["repeat"]) or 1.0,
        "seed": values["seed"],
    }
    return tuple(sorted(found.items()))


def grown(lm: LanguageModel, asked: Asked) -> Tree:
    """Grow the tree, called by the cache."""
    return grow(lm, asked.ids, shown=SHOWN, pruned=PALE, **asked.arguments())


def searching(
    lm: LanguageModel, ids: tuple[int, ...], depth: int, place: tuple[tuple[str, Any], ...]
) -> Iterator[int | exact.Exact]:
    """Search for the likeliest `depth` tokens, pass by pass. place: the items of `Asked.place`."""
    return exact.best_steps(lm, ids, depth, max_passes=most_passes(lm), stop_ids=(), **dict(place))


def searched(
    lm: LanguageModel, ids: tuple[int, ...], depth: int, place: tuple[tuple[str, Any], ...]
) -> exact.Exact:
    """Search for them at once, called by the cache."""
    return exact.best(lm, ids, depth, max_passes=most_passes(lm), stop_ids=(), **dict(place))


def most_passes(lm: LanguageModel) -> int:
    """Limit the passes of the exact search on this model."""
    return SEARCHED if lm.n_parameters <= HEAVY else FEWER


def following(lm: LanguageModel, asked: Asked, path: tuple[int, ...], **changed: Any) -> stages.Next:
    """Compute the next token's distribution after `path`, with some of the warpers changed."""
    return stages.next_tokens(lm, asked.ids, path, shown=SHOWN, **asked.place(), **asked.warpers() | changed)


def begins(lm: LanguageModel, target: str) -> tuple[int, ...]:
    """Collect what an encoder-decoder's tree grows after: its start token, and the ids of what is written."""
    written = lm.tokenizer.encode(target, add_special_tokens=False) if target else []
    return (lm.config.decoder_start_id or 0, *written)


def reader_of(lm: LanguageModel, crossing: int) -> tuple[int, int] | None:
    """Find the (layer, head) whose cross-attention is shown, by its number in the link; None: the mean of all."""
    layer, head = divmod(crossing, lm.config.n_heads)
    return (layer, head) if crossing >= 0 and layer < lm.config.decoder_layers else None


# ---------------------------------------------------------------- branches by hand, in a link


def read_path(text: str, place: str, vocabulary: int, most: int) -> tuple[tuple[int, ...], str]:
    """Read the ids of "place:12.55.7" or "12.55.7", and what to say about them ("" when there is nothing).

    A branch that belongs to another place (another text) is no branch of this one.
    """
    where, _, listed = text.rpartition(":")
    if not listed or where not in ("", place):
        return (), ""
    try:
        ids = tuple(int(part) for part in listed.split(".") if part.isascii() and len(part) < 12)
    except ValueError:
        ids = ()
    if not ids or len(ids) != listed.count(".") + 1:
        return (), say("The forced branch in the link is no list of token numbers; it was left out.")
    if wrong := [id for id in ids if not 0 <= id < vocabulary]:
        return (), say(
            "The forced token {id} is outside the vocabulary: this model knows 0 to {last}. It was left out.",
            id=f"{wrong[0]:,}", last=f"{vocabulary - 1:,}",
        )  # fmt: skip
    return ids[:most], ""


def write_path(ids: Sequence[int], place: str) -> str:
    """Write ids as `read_path` reads them."""
    return f"{place}:{'.'.join(map(str, ids))}" if ids else ""


# ---------------------------------------------------------------- blanks


def in_a_row(lm: LanguageModel, ids: Sequence[int], slots: Sequence[int] | None) -> str:
    """Join tokens to one text, with a mark where the blanks that they fill stand apart."""
    if not slots:
        return lm.tokenizer.joined(ids)
    rows = list[list[int]]()
    for place, (slot, id) in enumerate(zip(slots, ids)):
        if place and slot == slots[place - 1] + 1:
            rows[-1].append(id)
        else:
            rows.append([id])
    return " … ".join(lm.tokenizer.joined(row) for row in rows)


def told_blanks(lm: LanguageModel, ids: Sequence[int], slots: Sequence[int], followed: bool) -> str:
    """Say which tokens an encoder fills anew where the text has no mask of its own; "" where it has."""
    mask = lm.config.mask_id
    if mask is not None and mask in ids:
        return ""
    hidden = markup.mono(markup.visible(lm.tokenizer.joined([ids[slot] for slot in slots])))
    tokens, several = counted(len(slots), "token"), len(slots) > 1
    if followed and several:
        which = say("the {tokens} up to the one that you follow", tokens=tokens)
    elif followed:
        which = say("the token up to the one that you follow")
    else:
        which = say("the last {tokens}", tokens=tokens) if several else say("the last token")
    told = {"which": which, "hidden": hidden}
    if mask is None and several:
        return say("This model has no mask token: {which}, {hidden}, are filled anew.", **told)
    if mask is None:
        return say("This model has no mask token: {which}, {hidden}, is filled anew.", **told)
    told["mask"] = lm.tokenizer.display(mask)
    if several:
        return say("No {mask} in your text: {which}, {hidden}, are hidden and filled anew.", **told)
    return say("No {mask} in your text: {which}, {hidden}, is hidden and filled anew.", **told)


def blanks(lm: LanguageModel, ids: tuple[int, ...], follow: int, depth: int) -> tuple[int, ...]:
    """Choose positions to fill in an encoder's text: its own masks, or the followed token and up to two before it.

    Args:
        follow: a position; -1: the last token that is no special one.
    """
    mask = lm.config.mask_id
    if mask is not None and mask in ids:
        return tuple(place for place, id in enumerate(ids) if id == mask)
    special = lm.tokenizer.special_ids
    body = [place for place, id in enumerate(ids) if id not in special] or [len(ids) - 1]
    last = body.index(follow) if follow in body else len(body) - 1
    count = max(1, min(3, depth, len(body) // 2))
    return tuple(body[max(0, last + 1 - count) : last + 1])


# ---------------------------------------------------------------- the page's fields


STRATEGIES = ("greedy", "beam", "sample")
SETTINGS = ("beams", "penalty", "temperature", "topk", "topp", "minp", "repeat", "seed")


@dataclass(frozen=True)
class Request:
    """Hold what the page asks, what it says about it, and to which text a forced branch belongs.

    show: by strategy, whether it is on the tree.
    """

    asked: Asked
    show: dict[str, bool]
    said: tuple[str, ...]
    place: str

    def force(self, way: str) -> dict[str, str]:
        """Return the fields that force the branch "12.55.7"; "" lets go of it."""
        ids, _ = read_path(way, "", 2**31, self.asked.depth)
        return {"force": write_path(ids, self.place), "node": way if ids else ""}


def read(given: figures.Asked) -> Request:
    """Read the page's fields, for this model and text."""
    lm, config = given.lm, given.lm.config
    ids = tuple(lm.tokenizer.encode(given.text))
    values: dict[str, Any] = {key: given.values[key] for key in SETTINGS}
    show = {name: bool(given.values[name]) for name in STRATEGIES}
    depth, beams, said = int(given.values["depth"]), values["beams"], list[str]()
    follow = given.at_most("follow", len(ids) - 1)
    if show["beam"] and not beams:
        show["beam"] = False
        said.append(say("0 beams: no beam search."))
    if show["beam"] and beams * depth > LARGEST:
        said.append(
            say(
                "{beams} over {steps} are more than the picture holds.",
                beams=counted(beams, "beam"),
                steps=counted(depth, "step"),
            )
        )
        depth = max(1, LARGEST // beams)
    slots = blanks(lm, ids, follow, depth) if config.shape == "encoder" else None
    if slots is not None and (blanks_are := told_blanks(lm, ids, slots, follow in slots)):
        said.append(blanks_are)
    place = f"{zlib.crc32(repr((ids, given.target, slots)).encode()):x}"
    forced, wrong = read_path(str(given.values["force"]), place, config.d_vocab, depth)
    strategies = tuple(name for name in STRATEGIES if show[name])
    asked = Asked(ids, given.target, slots, depth, strategies, forced, options(values))
    return Request(asked, show, (*said, *([wrong] if wrong else [])), place)
