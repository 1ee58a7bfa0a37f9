"""List the applications, open the model that does each, and read the page's fields into what that model reads.

The models are those that come with Glassbox, or folders of their names; where there is none the page says so. A model
that names classes can be asked for the sentiment of a review, one that finds spans for the answer to a question: those
are folders under GLASSBOX_MODELS and ids of the hub list, and read the same texts as the usual model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from app import models
from app.counts import counted
from app.models import cache, gallery, opening
from app.session import state
from core.analysis.heads import answer_location
from core.analysis.tasks import heroes
from core.data.tasks import TASKS, Pair

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Picture = Literal["links", "passage", "lines"]
# Of the examples: far from training's, and from those that the card's scores are of. The first one has a colour in it,
# which Spanish puts behind the thing.
FIRST_SEED = 700_000_006
MOST_CHARACTERS = 1_600  # of a source
MOST_OF_A_HERO, MOST_OF_A_QUESTION = 40, 200  # characters


@dataclass(frozen=True)
class Use:
    """Describe one application: its name in a link and on the page, its model, how it is drawn, and a claim.

    most: tokens that are written.
    """

    name: str
    label: str
    model: str
    picture: Picture
    claim: str
    most: int

    @property
    def learns(self) -> str:
        """Name the task whose words the model knows; "" of one that knows any."""
        return "" if self.name == "code" else "tales" if self.model == "tales-gpt" else self.name


USES: dict[str, Use] = {
    use.name: use
    for use in (
        Use("translate", "Translation", "tales-t5", "links", "A Spanish word reads its English ones.", 64),
        Use(
            "summarize", "Summary", "tales-t5", "passage", "A summary reads few of its story’s sentences.", 96
        ),
        Use(
            "question",
            "Question",
            "tales-t5",
            "passage",
            "What an answer reads is not always what tells it.",
            24,
        ),
        Use("sentiment", "Sentiment", "tales-t5", "passage", "One small word can turn a whole review.", 8),
        Use("story", "Story", "tales-gpt", "lines", "A story goes on from its hero’s name.", heroes.MOST),
        Use(
            "dialogue",
            "Dialogue",
            "tales-gpt",
            "lines",
            "A turn ends when the model closes its quotation mark.",
            48,
        ),
        Use("code", "Code", "code-gpt", "lines", "Code that reads well may still be wrong.", 160),
    )
}


@dataclass(frozen=True)
class Opened:
    """Hold the model that answers: its key for `cache.call`, what `core.load` takes, itself, and its name in lists."""

    key: str
    target: str
    lm: LanguageModel
    name: str

    @property
    def shown(self) -> str:
        """Return the name as the picker has it."""
        return self.name.removeprefix("./")

    @property
    def headed(self) -> bool:
        """Test whether it names classes or finds spans, and writes nothing."""
        return self.lm.config.head != "lm"


def usual(use: Use) -> Opened | None:
    """Open the usual model of a use; None: this server has none."""
    name = use.model if use.model in models.bundled() else f"./{use.model}"
    try:
        lm = cache.model(name)
    except (ValueError, OSError):
        return None
    both = use.picture != "lines"
    if (
        lm.config.head != "lm"
        or (lm.config.shape == "encoder-decoder") != both
        or lm.config.shape == "encoder"
    ):
        return None
    return Opened(cache.key(name), str(models.resolve(name).target), lm, name)


@lru_cache(maxsize=64)
def example(name: str, seed: int) -> Pair:
    """Generate a held-out example of a text-to-text task, with its truth."""
    return next(iter(TASKS[name].pairs(FIRST_SEED + seed, "held_out")))


@dataclass(frozen=True)
class Wish:
    """Hold what the page was asked for.

    source: what the model reads. first: the characters of it that are the task's own words.
    pair: the example with its truth; None: the learner's own text.
    cuts: sentences about what is longer than is read.
    """

    use: Use
    source: str
    first: int
    pair: Pair | None = None
    seed: int = 0
    cuts: tuple[str, ...] = ()

    @property
    def truth(self) -> Any:
        """Return what the generator knows of the example; None: nothing."""
        return self.pair.truth if self.pair else None


def wish(text: str) -> Wish:
    """Read what is asked for off the page's fields.

    Args:
        text: the learner's, all of it.
    """
    use = USES[str(state.get("use"))]
    drawn = int(state.get("drawn"))
    if use.name == "story":
        hero, cut = first_of("The hero’s name", " ".join(str(state.get("hero")).split()), MOST_OF_A_HERO)
        return Wish(use, heroes.BEGINNING.format(hero=hero or "Nora"), 0, seed=max(0, drawn), cuts=cut)
    if use.name in ("dialogue", "code"):
        field, what = ("scene", "The scene") if use.name == "dialogue" else ("begun", "The function so far")
        own, cut = first_of(what, str(state.get(field)))
        usual = str(state.BY_KEY[field].default)
        return Wish(use, own if own.strip() else usual, 0, seed=max(0, drawn), cuts=cut)
    prefix = TASKS[use.name].prefix
    if not owns(text, drawn):
        pair = example(use.name, drawn)
        return Wish(use, pair.source, len(prefix), pair, drawn)
    asked, text, cuts = bare(text)
    if use.name == "question":
        if not asked:
            field = " ".join(str(state.get("asks")).split())
            asked, cut = first_of("Your question", field, MOST_OF_A_QUESTION)
            cuts += cut
        return Wish(use, answer_location.source_of(asked or "Who?", text), len(prefix), cuts=cuts)
    return Wish(use, prefix + text, len(prefix), cuts=cuts)


def first_of(what: str, text: str, most: int = MOST_CHARACTERS) -> tuple[str, tuple[str, ...]]:
    """Cut a text to what is read, with a sentence of both numbers where that is not all; the field keeps all."""
    if len(text) <= most:
        return text, ()
    return text[:most], (f"{what} has {counted(len(text), 'character')}; the first {most:,} are read.",)


def bare(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Strip a learner's text of line ends and task prefixes; return the question before it, the text, and cuts."""
    text, cuts = first_of("Your text", " ".join(text.split()))
    for task in TASKS.values():
        if text.startswith(task.prefix):
            text = text.removeprefix(task.prefix)
            asked, between, passage = text.partition(answer_location.MIDDLE)
            return (asked, passage, cuts) if between and task.name == "question" else ("", text, cuts)
    return "", text, cuts


def owns(text: str, drawn: int) -> bool:
    """Test whether the learner's own text is read: by choice, or because it is not the default text."""
    return drawn < 0 or (drawn == 0 and text.strip() != state.DEFAULT_TEXT)


def follow_typing() -> None:
    """Replace an example by a text that was typed while it was shown."""
    memo = state.memo("applications")
    text = state.get("text")
    if memo.get("text", text) != text and int(state.get("drawn")) > 0:
        state.put({"drawn": -1})
    memo["text"] = text


def next_one() -> dict[str, state.Value]:
    """Return the fields of the next example, or of another draw."""
    return {"drawn": (max(0, int(state.get("drawn"))) + 1) % 1_000_000, "spoken": -1, "said": -1}


def another() -> None:
    """Choose the next example, or another draw."""
    state.update(next_one())


def own() -> None:
    """Choose the learner's own text."""
    state.update({"drawn": -1, "spoken": -1, "said": -1})


# --------------------------------------- models with a head of classes or spans, in the usual model's place

HEADS = set(gallery.ASKED.values())  # the uses in which such a model can be asked
MISSING = (
    "{model} is not on this server, so nothing is computed here: choose a task whose model is. "
    "Whoever runs this Glassbox can put a folder of that name under GLASSBOX_MODELS."
)


def use_of(name: str) -> str:
    """Find the use in which a model of the list can be asked; "" of one that says words, does not open, or has none."""
    try:
        config = models.shape(models.resolve(name))
    except models.RefusedModel:
        return ""
    return "" if config is None else gallery.ASKED.get(config.head, "")


def others(use: Use) -> list[str]:
    """List the names of the models that can answer besides the usual one."""
    if use.name not in HEADS:
        return []
    return [choice.name for choice in models.choices() if use_of(choice.name) == use.name]


def adopt() -> None:
    """Adopt, before the page begins, a model with a head that was chosen for all pages: it is asked on this one."""
    name, memo = str(state.get("model")), state.memo("applications")
    use = use_of(name)
    if not use:
        memo["model"] = name
        return
    state.put({"model": memo.get("model", state.DEFAULT_MODEL), "snapshot": -1, "use": use, "by": name})


def chosen(use: Use) -> str:
    """Choose the model that answers: the one that was chosen, where it can, or the usual one."""
    by = str(state.get("by"))
    return by if by and by in others(use) else use.model


def fit(use: Use) -> None:
    """Drop a model that cannot answer here from the field "Answered by"."""
    by = str(state.get("by"))
    if by and use.name in HEADS and by not in others(use):
        if not use_of(by):
            state.note(f"“{by[:80]}” is no model of this server that can answer here, so {use.model} does.")
        state.put({"by": ""})


def opened(use: Use) -> tuple[Opened | None, str]:
    """Open the model that answers, or say why none does."""
    name = chosen(use)
    if name == use.model:
        found = usual(use)
        return found, "" if found else MISSING.format(model=name)
    try:
        lm = opening.load(name)
    except (ValueError, OSError) as why:
        return None, models.without_places(str(why))
    return Opened(cache.key(name), str(models.resolve(name).target), lm, name), ""
