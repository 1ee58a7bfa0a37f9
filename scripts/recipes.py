"""How each bundled model is made: what it reads, how long, from which seed, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.data import corpora
from core.language_model import LanguageModel
from core.training import TrainSpec
from scripts import austen, held_out, task_report


@dataclass(frozen=True)
class Recipe:
    """How one bundled model is made.

    then: further trainings, each beginning with the weights of the one before; the model is what comes of the last.
    snapshots: the steps whose weights are kept, besides the last.   prompts: texts to go on with, or with blanks.
    shown: pages show the model with its prompts, as it has no use for the usual text.
    tokenizer_documents, practice_documents: of the corpus, and of the practice corpus, that the tokenizer learns from.
    ngram_documents, ngram_order: of the baseline; a masked model's has no order.
    senses: the sentences of each sense that probes are fitted and judged on (0: no probes), and their seed.
    text, about: of a spec with corpus "own", the text, had when it is asked for, and what the card says of it.
    scores: what else the card says, computed from the model as it was written.   note: what it is not to be taken for.
    """

    spec: TrainSpec
    snapshots: tuple[int, ...]
    prompts: tuple[str, ...]
    tokenizer_documents: int = 20_000
    practice_documents: int = 0
    ngram_documents: int = 30_000
    ngram_order: int = 5
    senses: int = 0
    senses_seed: int = 1_000_003
    then: tuple[TrainSpec, ...] = ()
    text: Callable[[], str] | None = None
    about: corpora.Corpus | None = None
    scores: Callable[[LanguageModel], dict[str, Any]] | None = None
    note: str = ""
    shown: bool = False

    @property
    def trainings(self) -> list[TrainSpec]:
        """All, in their order."""
        return [self.spec, *self.then]

    @property
    def steps(self) -> int:
        """Of all trainings."""
        return sum(spec.steps for spec in self.trainings)

    def own_text(self) -> str | None:
        """The text of a spec with corpus "own"; None of another."""
        return None if self.text is None else self.text()

    def documents(self, name: str) -> Iterator[str]:
        """What is learned from, of the corpus `name`."""
        if self.text is not None and name == corpora.OWN_TEXT.name:
            return iter(corpora.own_text(self.text()))
        return corpora.corpus(name, seed=self.spec.seed, split="train")


RECIPES = {
    "tales-gpt": Recipe(
        TrainSpec(
            model="gpt-tales",
            corpus="tales",
            steps=4_500,
            seed=1,
            batch_tokens=3_072,
            context=384,
            stages=((1 / 3, 192),),
            vocab_size=1_024,
            polar="jordan",
            practice="copies",
            eval_every=200,
            device="cpu",
        ),
        snapshots=(0, 10, 30, 70, 150, 300, 500, 800, 1_200, 2_000, 3_200),
        prompts=("Once upon a time,", "One windy morning,", "It was raining, and"),
    ),
    # Short rows first, as a scene is short; half of what is read are scenes, in which a word's sense can be learned.
    "tales-bert": Recipe(
        TrainSpec(
            model="gpt-tales",
            changes={"shape": "encoder", "n_ctx": 128},  # type: ignore[arg-type]
            corpus="tales",
            steps=2_000,
            seed=1,
            batch_tokens=2_048,
            context=128,
            stages=((0.75, 64),),
            vocab_size=1_024,
            tokenizer="wordpiece",
            objective="masked",
            mask_rate=0.2,
            whole_words=True,
            learning_rate=0.06,
            embed_rate=0.012,
            head_rate=0.01,
            momentum=0.9,
            beta1=0.8,
            polar="jordan",
            warmup=50,
            practice="senses",
            practice_share=6.0,
            eval_every=200,
            device="cpu",
        ),
        snapshots=(0, 100, 300, 600, 1_200),
        prompts=(
            "Once upon a time, there was a small [MASK] beside the park, and Cyril lived there. [MASK] was sad.",
            "Nora lost her red kite. Soon Nora found [MASK] red [MASK] again.",
            "Tom dreamed of a bank with a sack of [MASK]. Tom dreamed of a bank where frogs jumped into the [MASK].",
        ),
        shown=True,
        tokenizer_documents=5_000,
        practice_documents=10_000,
        ngram_documents=20_000,
        senses=60,
        note="What it practised besides stories holds nothing out of them: 18 of the first 8,000 practice texts name a "
        "person with a place that no training story brings together.",
    ),
}


_SMALL_TEXT = TrainSpec(
    model="gpt-tales",
    changes={"n_ctx": 256},  # type: ignore[arg-type]
    steps=2_400,
    seed=1,
    batch_tokens=2_048,
    context=256,
    stages=((0.6, 128),),
    vocab_size=1_536,
    learning_rate=0.06,
    embed_rate=0.012,
    head_rate=0.01,
    momentum=0.9,
    beta1=0.8,
    polar="jordan",
    warmup=50,
    eval_every=200,
    device="cpu",
)
CODE_GPT = Recipe(
    replace(_SMALL_TEXT, corpus="functions", practice="renamed", practice_share=3.0, steps=3_600),
    snapshots=(0, 100, 300, 800, 2_000),
    prompts=(
        "def __len__(self):",
        "import os\n\ndef read_lines(path, encoding=None):",
        'def is_empty(self):\n    """Return True if there is nothing left."""',
    ),
    shown=True,
    scores=held_out.code,
    note="It knows the forms of functions, not what they are for: a completion that parses, and names only what there "
    "is, may well do something else than its name says. Never run one unread.",
)
AUSTEN_GPT = Recipe(
    replace(
        _SMALL_TEXT,
        corpus="own",
        text="374489a9c18dbeffbfa2b3acddf1909b898f131502e4101e9e43174d73f4c97f",
    ),
    snapshots=(0, 100, 300, 700, 1_400),
    prompts=("It was a truth", '"My dear Miss', "Mr. Knightley"),
    text=austen.own_text,
    about=austen.RECORD,
    shown=True,
    scores=held_out.prose,
    note="It has the novels' words and turns, sentence by sentence; who said what, and why, it soon forgets.",
)
# Short pairs first; reviews and questions have one short answer each, so they are many. Stories are long, so
# they are few, and come when rows are long enough.
_TASKS = replace(
    _SMALL_TEXT,
    changes=(("n_layers", 3),),
    corpus="tales",
    steps=7_500,
    batch_tokens=3_072,
    context=384,
    stages=((0.25, 96),),
    vocab_size=2_048,
    objective="text_to_text",
    tasks=(
        ("translate", 0.27),
        ("sentiment", 0.26),
        ("question", 0.28),
        ("summarize", 0.15),
        ("spans", 0.04),
    ),
)
# The second training is of stories above all: nearly nine in ten of the ids that it reads. A summary takes its facts
# from three places among some 270 ids, and to find those takes far more examples than the other tasks do. Meanwhile
# translation is half forgotten; the third training, of all tasks, brings it back.
_STORIES = replace(
    _TASKS,
    steps=4_500,
    seed=2,
    stages=(),
    learning_rate=0.04,
    embed_rate=0.008,
    head_rate=0.007,
    tasks=(
        ("translate", 0.11),
        ("sentiment", 0.11),
        ("question", 0.16),
        ("summarize", 0.59),
        ("spans", 0.03),
    ),
)
_ALL_AGAIN = replace(
    _STORIES,
    steps=2_200,
    seed=3,
    learning_rate=0.03,
    embed_rate=0.006,
    head_rate=0.005,
    tasks=(
        ("translate", 0.36),
        ("sentiment", 0.22),
        ("question", 0.17),
        ("summarize", 0.23),
        ("spans", 0.02),
    ),
)
TALES_T5 = Recipe(
    _TASKS,
    then=(_STORIES, _ALL_AGAIN),
    snapshots=(0, 100, 300, 800, 2_000),
    prompts=(
        "translate English to Spanish: Nora looked under the bench and found her red kite.",
        "question: What colour is the kite? context: Nora lost her red kite near the pond.",
        "sentiment: I thought that the silver boat would be slow, and I was wrong.",
    ),
    shown=True,
    scores=task_report.report,
    note="It does its four tasks, in Toyland's words. Hidden spans were one example in thirty of what it learned, and "
    "it fills them badly: what T5 itself was pretrained on is not what it is good at.",
)

RECIPES |= {"code-gpt": CODE_GPT, "austen-gpt": AUSTEN_GPT, "tales-t5": TALES_T5}
