"""From the page's fields to what is asked of `core`, with a word on everything that could not be taken as it stands."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from app import page, state
from app.counts import counted
from pages.decoding.ask import LARGEST, Asked, blanks, options, read_path, told_blanks, write_path

STRATEGIES = ("greedy", "beam", "sample")
SETTINGS = ("beams", "penalty", "temperature", "topk", "topp", "minp", "repeat", "seed")


@dataclass(frozen=True)
class Request:
    """What the page asks, what it says about it, and to which text a forced branch belongs.

    show: by strategy, whether it is on the tree.
    """

    asked: Asked
    show: dict[str, bool]
    said: tuple[str, ...]
    place: str

    def force(self, way: str) -> dict[str, str]:
        """The fields that make "12.55.7" the forced branch; "" lets go of it."""
        ids, _ = read_path(way, "", 2**31, self.asked.depth)
        return {"force": write_path(ids, self.place), "node": way if ids else ""}


def read(ctx: page.Context) -> Request:
    """The page's fields, for this model and text."""
    config = ctx.lm.config
    values = {key: state.get(key) for key in SETTINGS}
    show = {name: bool(state.get(name)) for name in STRATEGIES}
    depth, beams, said = state.get("depth"), values["beams"], list[str]()
    if show["beam"] and not beams:
        show["beam"] = False
        said.append("0 beams: no beam search.")
    if show["beam"] and beams * depth > LARGEST:
        said.append(
            f"{counted(beams, 'beam')} over {counted(depth, 'step')} are more than the picture holds."
        )
        depth = max(1, LARGEST // beams)
    slots = blanks(ctx.lm, ctx.ids, state.get("follow"), depth) if config.shape == "encoder" else None
    if slots is not None and (
        blanks_are := told_blanks(ctx.lm, ctx.ids, slots, state.get("follow") in slots)
    ):
        said.append(blanks_are)
    target = ctx.target if config.shape == "encoder-decoder" else None
    place = f"{zlib.crc32(repr((ctx.ids, target, slots)).encode()):x}"
    forced, wrong = read_path(state.get("force"), place, config.d_vocab, depth)
    strategies = tuple(name for name in STRATEGIES if show[name])
    asked = Asked(ctx.ids, target, slots, depth, strategies, forced, options(values))
    return Request(asked, show, (*said, *([wrong] if wrong else [])), place)
