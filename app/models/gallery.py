"""All models that this installation can open, with the facts known about each before it is loaded.

Bundled models and folders are surveyed without loading (core/survey.py), hub models are known by facts until they have
been fetched (core/hub_models.py), training runs by the configuration in their store; whose runs are listed is said by
who asks. No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from app import models
from app.counts import counted
from app.models import Choice, Source, cache
from app.run_names import RUN
from core import hub_models, real
from core.checkpoints import CheckpointError
from core.checkpoints.files import read_json
from core.config import ModelConfig
from core.messages import mark, say
from core.parts import Part, parts
from core.survey import card_text, memory_needed

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.runs import Run
    from core.survey import Survey

SOURCES: dict[Source, str] = {
    "bundled": mark("comes with Glassbox"),
    "real": mark("published, fetched with Glassbox"),
    "run": mark("trained here"),
    "folder": mark("a folder of this server"),
    "hub": mark("the Hugging Face hub"),
    "given": mark("elsewhere"),
}
HEADS = {
    "lm": "",
    "sequence": mark("classifies texts"),
    "token": mark("labels tokens"),
    "span": mark("finds answers"),
    "none": mark("no head"),
}
FAMILIES = {
    "decoder": mark("decoder"),
    "encoder": mark("encoder"),
    "encoder-decoder": mark("encoder-decoder"),
}
ASKED = {"sequence": "sentiment", "span": "question"}  # head -> task on the page Applications
OURS = "MIT"  # the licence of what comes with Glassbox; a run's model belongs to whoever trained it
CARDS = ("card.json", "README.md")


@dataclass(frozen=True)
class Entry:
    """One model of the gallery.

    Attributes:
        name: what a link carries; label: how the picker shows it.
        kind: the architecture as its config.json names it. what: its purpose, where that is known.
        config: its shape; None where that cannot be told before it is fetched, or at all.
        weights: of each part. stored: bytes on disk, or to fetch where it is not `here`; 0: not known.
        memory: bytes once it is open; 0: not known. licence: "" where none is stated.
        problem: why it does not open. open: whether it is in memory now. card: whether there is something to read.
    """

    name: str
    label: str
    source: Source
    kind: str = ""
    what: str = ""
    config: ModelConfig | None = None
    weights: dict[Part, int] = field(default_factory=dict)
    stored: int = 0
    memory: int = 0
    licence: str = ""
    problem: str = ""
    here: bool = True
    open: bool = False
    card: bool = False

    @property
    def total(self) -> int:
        """All weights."""
        return sum(self.weights.values())

    @property
    def headed(self) -> bool:
        """Whether it predicts classes or spans instead of tokens: most pages do not show it, notebooks open it."""
        return self.config is not None and self.config.head in ("sequence", "token", "span")

    @property
    def asked(self) -> str:
        """The task on the page Applications that it can answer; "" where there is none."""
        return ASKED.get(self.config.head, "") if self.config is not None and not self.problem else ""

    @property
    def family(self) -> str:
        """decoder, encoder or encoder-decoder; "" where it is not known."""
        return "" if self.config is None else self.config.shape

    @property
    def shape(self) -> str:
        """Its shape in words."""
        if self.config is None:
            return self.kind or say("not known before it is fetched")
        blocks = str(self.config.n_layers)
        if self.config.shape == "encoder-decoder":
            blocks += f" + {self.config.decoder_layers}"
        head = HEADS[self.config.head]
        said = say(
            "{family}, {blocks} × {heads}, width {width}",
            family=say(FAMILIES[self.config.shape]), blocks=counted(blocks, "block"),
            heads=counted(self.config.n_heads, "head"), width=f"{self.config.d_model:,}",
        )  # fmt: skip
        return f"{said}, {say(head)}" if head else said


def entries(current: str = "", offered: Sequence[Run] = ()) -> list[Entry]:
    """List all models on offer in the picker's order: bundled and published models, training runs, folders, the hub.

    Args:
        current: the open model.
        offered: the training runs to list.
    """
    shown = models.labels(current, runs=offered)
    return [
        *(_local(choice, shown) for choice in models.choices() if choice.source == "bundled"),
        *(_published(model.name, shown) for model in real.MODELS),
        *(_run(run, shown) for run in offered),
        *(_local(choice, shown) for choice in models.choices() if choice.source == "folder"),
        *map(_outside_link, models.outside_links()),
        *(_hub(choice, shown) for choice in models.choices() if choice.source == "hub"),
    ]


def fitting(all: Sequence[Entry], stock: str, kin: str) -> list[Entry]:
    """Filter entries by source ("all": any) and family ("all": any, also unknown ones)."""
    return [one for one in all if stock in ("all", one.source) and kin in ("all", one.family)]


def _local(choice: Choice, shown: dict[str, str]) -> Entry:
    return _seen(choice, shown, models.look(choice))


def _outside_link(name: str) -> Entry:
    """Return the entry of a link that leads out of the model folders, with the reason why it is not opened."""
    problem = say("It is a symbolic link out of the model folders. Add its target folder to GLASSBOX_MODELS.")
    return Entry(name, name.removeprefix("./"), "folder", problem=problem)


def _published(name: str, shown: dict[str, str]) -> Entry:
    """Return the entry of a model that is fetched with Glassbox; where it is not here, with the reason."""
    facts = real.card(name)
    # The size of the file that was fetched: what is written from it as float32 holds the same weights.
    size = real.BY_NAME[name].size
    if name in models.published():
        found = _local(Choice(name, "real", name), shown)
        return replace(
            found, what=say(str(facts["what"])), licence=str(facts["licence"]), card=True, stored=size
        )
    return Entry(
        name, real.title(name), "real", what=say(str(facts["what"])), stored=size, licence=str(facts["licence"]),
        problem=f"{real.missing(name)}.", here=False, card=True,
    )  # fmt: skip


def _hub(choice: Choice, shown: dict[str, str]) -> Entry:
    facts, seen = hub_models.BY_ID.get(choice.name), models.look(choice)
    if seen is not None:
        return _seen(choice, shown, seen)
    if facts is None:
        return Entry(choice.name, shown[choice.name], "hub", here=False)
    config, kind = models.published_config(choice.name), str(facts.config["model_type"])
    known = Entry(
        choice.name,
        shown[choice.name],
        "hub",
        kind,
        say(facts.what),
        stored=facts.download,
        licence=facts.licence,
        here=False,
    )
    if config is None:
        return replace(
            known, problem=say("Its architecture, {kind}, does not open in this Glassbox.", kind=kind)
        )
    return replace(known, config=config, weights=parts(config), memory=memory_needed(config))


def _seen(choice: Choice, shown: dict[str, str], seen: Survey | None) -> Entry:
    """Return the entry of a model whose files are on this machine."""
    if seen is None:
        return Entry(choice.name, shown[choice.name], choice.source, problem=say("Its folder is gone."))
    folder, facts = models.place(choice), hub_models.BY_ID.get(choice.name)
    licence = seen.licence or (OURS if choice.source == "bundled" else facts.licence if facts else "")
    return Entry(
        choice.name, shown[choice.name], choice.source, seen.kind, say(facts.what) if facts else "", seen.config,
        {} if seen.config is None or seen.problem else parts(seen.config),
        seen.stored, 0 if seen.problem else seen.memory, licence, models.without_places(seen.problem),
        card=bool(seen.says) or (folder is not None and any((folder / name).is_file() for name in CARDS)),
    )  # fmt: skip


def _run(run: Run, shown: dict[str, str]) -> Entry:
    name = f"{RUN}{run.id}"
    config = models.shape_of_run(run.id)
    if config is None:
        waits = say("It has no checkpoint yet.")
        if run.over:
            waits = say("It ended before its first checkpoint.")
        return Entry(name, shown[name], "run", "glassbox", problem=waits)
    weights = parts(config)
    return Entry(
        name, shown[name], "run", "glassbox", say("trained here on {corpus}", corpus=run.spec.corpus), config, weights,
        4 * sum(weights.values()), memory_needed(config), say("its learner’s"), card=True,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- what was written


def readme(entry: Entry) -> str:
    """Read the README of the entry's folder as text; "" without one."""
    if (
        entry.source == "real" or entry.name in models.outside_links()
    ):  # its card has the same facts, or is not read
        return ""
    folder = models.place(models.resolve(entry.name))
    try:
        return "" if folder is None else card_text(folder)
    except CheckpointError as why:
        return models.without_places(str(why))


def card(entry: Entry) -> dict[str, Any]:
    """Read its card.json, or a GGUF file's metadata; {} where there is none or it is broken, and of a run."""
    if entry.source == "run" or entry.name in models.outside_links():
        return {}
    if entry.source == "real":
        return real.card(entry.name)
    choice = models.resolve(entry.name)
    folder, seen = models.place(choice), models.look(choice)
    if seen is not None and seen.says:
        return seen.says
    if folder is None or not (folder / "card.json").is_file():
        return {}
    try:
        return read_json(folder / "card.json")
    except CheckpointError as why:
        return {"card.json": models.without_places(str(why))}


def current(all: Sequence[Entry], name: str, lm: LanguageModel) -> Entry:
    """Return the open model's entry, even if it has left the list meanwhile, or never was on it."""
    # a notebook opens a folder of GLASSBOX_MODELS by its path, and calls it by its last part
    alike = (one for one in all if one.name == f"./{name}" and one.config == lm.config)
    found = next((one for one in all if one.name == name), next(alike, None))
    if found is not None:
        return found
    weights = parts(lm.config)
    return Entry(
        name, name, _source(name), config=lm.config, weights=weights, memory=memory_needed(lm.config), open=True,
    )  # fmt: skip


def _source(name: str) -> Source:
    """Return where a model is from that is not on the list."""
    try:
        return models.resolve(name).source
    except models.RefusedModel:
        return "given"


def in_memory(all: Sequence[Entry]) -> list[Entry]:
    """Mark the entries whose models this server has in memory now; a run's are not looked up."""
    return [
        replace(one, open=cache.at_hand(one.name))
        if one.here and not one.problem and one.source not in ("run", "given")
        else one
        for one in all
    ]


def pick(all: Sequence[Entry], name: str, current: Entry) -> tuple[Entry, str]:
    """Return the entry whose details are shown, and why it is not the requested one: "" where it is."""
    if not name:
        return current, ""
    found = next((one for one in all if one.name == name), None)
    if found is not None:
        return found, ""
    try:
        models.resolve(name)
    except models.RefusedModel as why:
        return current, str(why)
    return current, say("“{name}” is not in this list.", name=name[:80])


def facts(all: Sequence[Entry]) -> str:
    """Count the entries in a few words."""
    here = sum(one.here and not one.problem for one in all)
    fetched = sum(not one.here for one in all)
    return say(
        "{models} on this machine, {fetched} more to fetch", models=counted(here, "model"), fetched=fetched
    )
