"""Good and bad news: what happens in two sentences of a story, and whether it makes somebody glad or sad.

The truth is the world's: an event of the second sentence is the cause of a feeling told later in the story, gladness or
pride, or sadness, anger, worry or remorse. The feeling itself is not in the text, only what brings it about.

Held out are the combinations of `dials`, as in `story`: every "held_out" text itself shows at least one of them, no
"train" text any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from core.data.toyland.causes import happenings
from core.data.toyland.dials import Dials, Split
from core.data.toyland.splits import combinations

if TYPE_CHECKING:
    from core.data.toyland import Story

FEELINGS = {"glad": True, "proud": True, "sad": False, "angry": False, "worried": False, "sorry": False}


@dataclass(frozen=True)
class News:
    """Two sentences, and whether what the second tells is good; `feelings` names what it makes people feel.

    `kind` is the event's, `story_seed` the seed of the story that they are from.
    """

    text: str
    good: bool
    feelings: tuple[str, ...]
    kind: str
    story_seed: int


def news(seed: int = 0, split: Split = "train", dials: Dials | None = None) -> Iterator[News]:
    """Endless news, the same for the same seed and split, in the order of its stories.

    What makes one glad and another sad is left out. Raises ValueError, at the call, if the split is unknown.
    """
    if split not in {"train", "held_out", "any"}:
        raise ValueError(f"no split is called {split!r}: choose one of train, held_out, any")
    return _news(Random(f"news/{seed}/{split}"), split, dials or Dials())


def _news(rng: Random, split: Split, dials: Dials) -> Iterator[News]:
    from core.data.toyland import story

    while True:
        told = story(rng.getrandbits(40), dials, split)
        for one in _of(told):
            if split != "held_out" or combinations(told.entities, one.text, dials):
                yield one


def _of(story: Story) -> Iterator[News]:
    """The news in a story, by the sentence that tells it."""
    events = happenings(story)
    brings: dict[
        int, dict[str, str]
    ] = {}  # a sentence -> what is felt because of it -> because of which event
    for happening, sentence in events:
        if happening.kind not in FEELINGS or happening.cause is None:
            continue
        cause, told = events[happening.cause]
        if 0 < told < sentence and cause.kind not in FEELINGS:
            brings.setdefault(told, {})[happening.kind] = cause.kind
    for told, felt in sorted(brings.items()):
        goods = {FEELINGS[feeling] for feeling in felt}
        if len(goods) == 1:
            text = f"{story.sentences[told - 1].text} {story.sentences[told].text}"
            yield News(text, goods.pop(), tuple(felt), next(iter(felt.values())), story.seed)
