"""What each ingredient of the fast recipe is worth: train without it, from several seeds, for as many steps.

    python -m scripts.measure_recipe --corpus FILE       # a text of any kind; without one, the fables
    python -m scripts.measure_recipe --corpus FILE --write   # and write docs/recipe.md and assets/recipe.json

Every result goes into a file at once (--results), so a run that was broken off goes on, and two processes can share the
work (--part 1/2). Losses do not depend on how busy the machine is; the times are those of steps taken in turns.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from core.data.corpora import FABLES
from core.data.pool import Given
from core.memory import keep_freed_memory
from core.text.tokenizer import Tokenizer
from core.text.training import learn
from core.training import Trainer, TrainSpec, recipes
from core.training.loss import next_token_loss

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT, DATA = ROOT / "docs" / "recipe.md", ROOT / "assets" / "recipe.json"
CORPUS = "GLASSBOX_BENCH_CORPUS"
PLAIN_STEPS = 2_250  # as many as take the plain recipe to the goal
GOAL = 1.88  # nats a character, of the first two thousand steps or so of the plain recipe


@dataclass(frozen=True)
class Variant:
    """The fast recipe without one ingredient.

    Args:
        removed: its name; what: what stands in its place, in a sentence.
        values: fields of `TrainSpec`; changes: of `ModelConfig`.
        pace: how many steps it takes for each of the whole recipe's, where its steps are longer ones.
        tries: further values to choose from by the first seed: what replaces an ingredient may want its own rates.
    """

    removed: str
    what: str
    values: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    tries: Sequence[Mapping[str, Any]] = ()
    pace: float = 1.0

    def spec(self, steps: int, seed: int, chosen: Mapping[str, Any] | None = None) -> TrainSpec:
        """The run of one seed."""
        values = {"precision": "bfloat16", **self.values, **(chosen or {})}
        return recipes.fast(
            steps=round(self.pace * steps), seed=seed, changes=self.changes, device="cpu", **values
        )


FULL = Variant("nothing", "The whole recipe.")
VARIANTS = (
    FULL,
    Variant(
        "Muon",
        "AdamW moves the matrices, too, at the best of three rates.",
        {"optimizer": "adamw", "beta1": 0.9},
        tries=[{"learning_rate": rate} for rate in (0.003, 0.006, 0.012)],
    ),
    Variant(
        "large rates",
        "Muon at 0.02 and Adam at 0.003, as they are often set for longer runs.",
        {"learning_rate": 0.02, "embed_rate": 0.003, "head_rate": 0.003},
    ),
    Variant(
        "short memory",
        "Momentum 0.95 and beta1 0.9 instead of 0.8 and 0.7.",
        {"momentum": 0.95, "beta1": 0.9},
    ),
    Variant(
        "two blocks",
        "Four blocks, with 0.56 of the steps: a little longer in all, as each takes nearly twice as long.",
        changes={"n_layers": 4},
        pace=0.56,
    ),
    Variant("short rows first", "Rows of 64 from the first step.", {"stages": ()}),
    Variant("query and key norm", "Queries and keys stay as long as they come.", changes={"qk_norm": False}),
    Variant("rotary positions", "A learned vector for each position.", changes={"position": "learned"}),
    Variant("squared ReLU", "GELU.", changes={"act": "gelu_tanh"}),
    Variant("RMS norm", "Layer norm, without gain and bias.", changes={"norm": "layer", "norm_bias": False}),
    Variant(
        "norm after the embedding",
        "The token vectors enter the stream as they are.",
        changes={"embed_norm": False},
    ),
    Variant("two heads", "Four heads of 32 numbers instead of two of 64.", changes={"n_heads": 4}),
    Variant(
        "a head of its own",
        "The token table is read at both ends, at the end divided by the root of the width.",
        changes={"tied_embeddings": True, "logit_scale": 128**-0.5},
    ),
    Variant(
        "no biases, no gains",
        "Every product has a bias and every norm a gain.",
        changes={"norm_gain": True, "qkv_bias": True, "out_bias": True, "mlp_bias": True},
    ),
    Variant("first weights", "GPT-2's, all of one spread.", {"init": "normal"}),
    Variant(
        "Polar Express", "Five iterations with Jordan's coefficients instead of four.", {"polar": "jordan"}
    ),
    Variant("linear fall", "The rates fall by half a cosine.", {"schedule": "cosine"}),
    Variant("bfloat16", "All products in float32.", {"precision": "float32"}),
)


HEAD = """# The fast recipe, and what each part of it is worth

Made by `python -m scripts.measure_recipe --corpus FILE --write`; nothing here is typed by hand but the words.

`core.training.recipes.fast` trains a decoder of 0.4M weights about as well in some hundred large steps as the plain
recipe, `recipes.plain`, does one of 0.8M in thousands of small ones (figures: [benchmarks](benchmarks.md)). It is
made of published ideas, tried one by one:

- **Two blocks** instead of four: so few characters do not fill more, and a step takes little more than half as long.
- **Muon** (Jordan et al. 2024) for the matrices, with the coefficients of Polar Express (Amsel et al. 2025): every
  direction of a matrix moves as far as every other. Matrices of one shape go through one batched product.
  Adam, with a short memory, for the token table and the head.
- **Large rates** from the first step, falling in a line to zero at the last; no warm-up, no clipping: normed queries,
  keys and streams leave no scale that could run away.
- **Short rows first**: 16 characters, then 32, then 64: as many tokens a step, and less attention to compute.
- **Parts**: rotary positions (Su et al. 2021), RMS norms without gains (Zhang & Sennrich 2019), normed queries and keys
  (Henry et al. 2020), squared ReLU (So et al. 2021), no biases.
- **First weights**: what is added to the stream begins at zero, so that the model begins as a table of characters.
- **bfloat16**, from float32 masters, where the machine multiplies quickly in it (`core.precision` times that; on a
  processor without such instructions a product takes forty times as long, and the recipe runs in float32); and
  derivatives written for this shape: torch's own, for RMS norm, squared ReLU, GELU and attention in bfloat16 on a
  processor, take two to four times as long.

Each row below leaves one part out and trains for as many steps on as many characters. The losses of two seeds of the
same recipe differ by up to 0.03, so a smaller difference says nothing: a part with such a row is there because it was
published, not because this table shows its worth; a row below the whole recipe's loss says that the part did harm here.
The recipe was chosen by its loss on this very held-out tenth, so its own row flatters it; other texts are at the end.
"""


ELSEWHERE = """The recipe was chosen on one text. By characters on others (Toyland's tales, the fables, Python's
own library), one seed: the fast recipe, the plain one for about as much time, and for ten times as much.
"""
# Does what was chosen on one text hold on others? The plain recipe in about the fast one's time, and in ten times that.
CORPORA = ("tales", "fables", "python")
OTHERS = {
    "fast": ("fast", recipes.fast().steps),
    "plain, as long": ("plain", 90),
    "plain, ten times as long": ("plain", 900),
}


class Plain(NamedTuple):
    """A plain recipe of another depth, rate or length: is the fast one only beside an untuned opponent fast?"""

    blocks: int
    rate: float
    steps: int

    def spec(self, seed: int = 0, steps: int | None = None) -> TrainSpec:
        """The run of one seed; other `steps` to time them."""
        return recipes.plain(
            steps=steps or self.steps,
            learning_rate=self.rate,
            changes={"n_layers": self.blocks},
            seed=seed,
            device="cpu",
        )


PLAINS = tuple(
    Plain(blocks, rate, steps)
    for blocks in (4, 2)
    for rate in (1e-3, 2e-3, 4e-3)
    for steps in (PLAIN_STEPS // 2, PLAIN_STEPS)
)


class Text(NamedTuple):
    """A text by characters, its last tenth held out."""

    name: str
    size: int
    tokenizer: Tokenizer
    train: Tensor
    held_out: Tensor

    def trainer(self, spec: TrainSpec) -> Trainer:
        """A run of `spec` on this text."""
        return Trainer(
            spec, tokenizer=self.tokenizer, source=Given(self.train.numpy(), self.held_out.numpy())
        )


def read(path: Path | None = None) -> Text:
    """The text at `path`, at what the environment names, or else the fables."""
    path = path or (Path(os.environ[CORPUS]) if os.environ.get(CORPUS) else FABLES)
    return by_characters(path.read_text(encoding="utf-8"), path.stem)


def by_characters(text: str, name: str) -> Text:
    """Learn the characters and read the text with them."""
    tokenizer = learn("characters", [text], 0x10FFFF)
    pieces = [text[at : at + 4096] for at in range(0, len(text), 4096)]
    read = tokenizer.raw.encode_batch_fast(pieces, add_special_tokens=False)
    ids = np.concatenate([np.array(piece.ids, dtype=np.int64) for piece in read])
    cut = len(ids) * 9 // 10
    held_out, train = torch.from_numpy(ids[cut:]), torch.from_numpy(ids[:cut])
    return Text(name, len(text), tokenizer, train, held_out)


def held_out_loss(model: torch.nn.Module, ids: Tensor, context: int = 64) -> float:
    """Nats a token over all of `ids`, in rows of `context`."""
    rows = ids[: (len(ids) - 1) // context * context + 1].unfold(0, context + 1, context)  # (N, T + 1)
    with torch.inference_mode():
        losses = [next_token_loss(model, part).item() * len(part) for part in rows.split(128)]
    return sum(losses) / len(rows)


def measure(text: Text, spec: TrainSpec) -> dict[str, Any]:
    """Train and measure: the loss over the whole held-out part, after how many steps."""
    trainer = text.trainer(spec)
    while not trainer.done:
        trainer.step()
    return {"loss": round(held_out_loss(trainer.model, text.held_out), 5), "steps": spec.steps}


class Results:
    """What was measured, line by line in a file; several processes may add to it."""

    def __init__(self, path: Path, text: Text, steps: int) -> None:
        self.path = path
        self.about = {"text": hashlib.sha256(text.train.numpy().tobytes()).hexdigest()[:16], "steps": steps}

    def found(self) -> dict[str, dict[str, Any]]:
        """By the key of a measurement; only those of this text and number of steps."""
        if not self.path.exists():
            return {}
        lines = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
        return {line["key"]: line for line in lines if line["about"] == self.about}

    def once(self, key: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The measurement of this key: from the file, or made now and added."""
        if (known := self.found().get(key)) is not None:
            return known
        record = {"key": key, "about": self.about, **work()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        print(key, record, flush=True)
        return record


def mark(spec: TrainSpec) -> str:
    """Changes with every value of a spec, so that no result of an older recipe is taken for one of today's."""
    return hashlib.sha256(spec.to_json().encode()).hexdigest()[:12]


def losses(variant: Variant, text: Text, results: Results, steps: int, seeds: int) -> list[float]:
    """The held-out loss of each seed; where there are values to try, those that were best for the first."""

    def one(seed: int, chosen: Mapping[str, Any]) -> float:
        spec = variant.spec(steps, seed, chosen)
        key = json.dumps([variant.removed, seed, dict(chosen), mark(spec)])
        return float(results.once(key, lambda: measure(text, spec))["loss"])

    best = min(variant.tries or [{}], key=lambda chosen: one(0, chosen))
    return [one(seed, best) for seed in range(seeds)]


def step_times(make: Callable[[int], TrainSpec], text: Text, steps: int = 12) -> dict[str, float]:
    """A step's time: as a multiple of the whole recipe's (median of pairs), and the processor's seconds alone.

    Args:
        make: gives the run of so many steps.
    """
    count = 2 * (steps + 2)
    pair = [text.trainer(spec) for spec in (make(count), FULL.spec(count, 0))]
    found: list[list[float]] = []
    for _ in range(steps + 2):
        found.append([])
        for trainer in pair:
            began = time.process_time()
            trainer.step()
            found[-1].append(time.process_time() - began)
    mine, whole = zip(*found[2:])
    ratio = statistics.median(one / other for one, other in zip(mine, whole))
    return {"ratio": round(ratio, 3), "seconds": round(statistics.median(mine), 5)}


def plain_loss(one: Plain, text: Text, results: Results, seed: int = 0) -> float:
    """The held-out loss of a plain recipe."""
    spec = one.spec(seed)
    return float(results.once(json.dumps(["plain", mark(spec)]), lambda: measure(text, spec))["loss"])


def plain(text: Text, results: Results, seeds: int) -> dict[str, Any]:
    """The plain recipe on the text: the record of its loss."""
    found = [plain_loss(Plain(4, 1e-3, PLAIN_STEPS), text, results, seed) for seed in range(seeds)]
    return {**spread(found), "steps": PLAIN_STEPS, "seeds": seeds}


def plains(text: Text, results: Results) -> list[dict[str, Any]]:
    """Plain recipes of other depths, rates and lengths, one seed each; seconds: of all steps on one core."""

    def row(one: Plain) -> dict[str, Any]:
        timed = Plain(one.blocks, 1e-3, PLAIN_STEPS)  # a step takes as long at every rate
        key = json.dumps(["plain", "time", mark(timed.spec()), mark(FULL.spec(recipes.fast().steps, 0))])
        each = results.once(key, lambda: step_times(lambda count: timed.spec(steps=count), text))
        loss = plain_loss(one, text, results)
        return {**one._asdict(), "loss": round(loss, 4), "seconds": round(each["seconds"] * one.steps, 1)}

    return [row(one) for one in PLAINS]


def spread(found: Sequence[float]) -> dict[str, float]:
    """Mean, lowest and highest of the seeds' losses."""
    return {
        "loss": round(statistics.mean(found), 4),
        "low": round(min(found), 4),
        "high": round(max(found), 4),
    }


def elsewhere(corpus: str, name: str, results: Results) -> float:
    """The held-out loss on another corpus, by characters, of a recipe and a number of steps in `OTHERS`."""
    recipe, steps = OTHERS[name]
    make = recipes.fast if recipe == "fast" else recipes.plain
    spec = make(corpus=corpus, tokenizer="characters", steps=steps, device="cpu")

    def work() -> dict[str, Any]:
        trainer = Trainer(spec)
        while not trainer.done:
            trainer.step()
        return {"loss": round(trainer.held_out_loss(), 5)}

    return float(results.once(json.dumps(["elsewhere", corpus, name, mark(spec)]), work)["loss"])


def table(text: Text, results: Results, steps: int, seeds: int, quick: bool) -> dict[str, Any]:
    """The records of assets/recipe.json, from what is measured."""

    def row(variant: Variant) -> dict[str, Any]:
        found = losses(variant, text, results, steps, seeds)
        spec = variant.spec(steps, 0)
        key = json.dumps([variant.removed, "time", mark(spec), mark(FULL.spec(steps, 0))])
        times = results.once(key, lambda: step_times(lambda count: variant.spec(count, 0), text))
        return {
            "removed": variant.removed,
            "what": variant.what,
            **spread(found),
            "step_time": times["ratio"],
            "seconds": round(times["seconds"] * spec.steps, 1),
            "steps": spec.steps,
            "seeds": seeds,
        }

    others = (
        {}
        if quick
        else {corpus: {name: elsewhere(corpus, name, results) for name in OTHERS} for corpus in CORPORA}
    )
    return {
        "about": f"Nats a character over the held-out tenth of {text.name} ({text.size:,} characters), after {steps} "
        f"steps; mean of {seeds} seeds. step_time: of one step, as a multiple of the whole recipe's; seconds: of all "
        "steps on one core.",
        "machine": machine(),
        "full": row(FULL),
        "plain": None if quick else plain(text, results, seeds),
        "plains": [] if quick else plains(text, results),
        "rows": sorted((row(each) for each in VARIANTS[1:]), key=lambda record: -record["loss"]),
        "elsewhere": others,
    }


def document(records: Mapping[str, Any]) -> str:
    """docs/recipe.md."""
    full = records["full"]
    lines = [
        HEAD,
        f"{records['about'].split('; mean')[0]}, mean of {full['seeds']} seeds [lowest, highest].\n",
    ]
    lines += ["| without | instead | loss | | worse by | a step takes |", "|---|---|---|---|---|---|"]
    for row in [full, *records["rows"]]:
        worse = "" if row is full else f"{row['loss'] - full['loss']:+.3f}".replace("-", "−")
        lines.append(
            f"| {row['removed']} | {row['what']} | {row['loss']:.3f} | [{row['low']:.3f}, {row['high']:.3f}] "
            f"| {worse} | × {row['step_time']:.2f} |"
        )
    if records["plain"]:
        lines += ["", "## Beside plain recipes", "", beside(records), ""]
        lines += ["| blocks | peak rate | steps | loss | seconds of one core |", "|---|---|---|---|---|"]
        for row in records["plains"]:
            lines.append(
                f"| {row['blocks']} | {row['rate']:g} | {row['steps']:,} | {row['loss']:.3f} | {row['seconds']:.0f} |"
            )
    if not records["elsewhere"]:
        return "\n".join(lines) + "\n"
    lines += [
        "",
        "## On other texts",
        "",
        ELSEWHERE,
        f"| text | {' | '.join(OTHERS)} |",
        "|---|" + "---|" * len(OTHERS),
    ]
    for corpus, found in records["elsewhere"].items():
        lines.append(f"| {corpus} | " + " | ".join(f"{found[name]:.3f}" for name in OTHERS) + " |")
    return "\n".join(lines) + "\n"


def beside(records: Mapping[str, Any]) -> str:
    """How the plain recipe fares, as it stands and tuned a little."""
    plain, full = records["plain"], records["full"]
    quickest = min(
        (row for row in records["plains"] if row["loss"] <= GOAL),
        key=lambda row: row["seconds"],
        default=None,
    )
    said = (
        f"The plain recipe (four blocks, rate 0.001) comes to {plain['loss']:.3f} [{plain['low']:.3f}, "
        f"{plain['high']:.3f}] after {plain['steps']:,} steps, mean of {plain['seeds']} seeds. Would another rate, "
        "half the blocks or half the steps have made it faster? One seed each; the fast recipe's steps take "
        f"{full['seconds']:.1f} seconds of one core."
    )
    if quickest is None:
        return f"{said} None of them comes to {GOAL}."
    return (
        f"{said} The quickest of them that comes to {GOAL} ({quickest['blocks']} blocks, rate {quickest['rate']:g}) "
        f"takes {quickest['seconds'] / full['seconds']:.0f} times as long."
    )


def machine() -> str:
    """The processor, in words."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def main() -> None:
    """Measure what is not measured yet; with --write, make the table of all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, help=f"a text file (default: ${CORPUS}, or the fables)")
    parser.add_argument("--results", type=Path, default=ROOT / ".training" / "recipe.jsonl")
    parser.add_argument("--steps", type=int, default=recipes.fast().steps)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--part", default="1/1", help="which share of the work, e.g. 1/2")
    parser.add_argument("--quick", action="store_true", help="leave out other texts and the plain recipe")
    parser.add_argument("--write", action="store_true", help="write docs/recipe.md and assets/recipe.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    text = read(options.corpus)
    results = Results(options.results, text, options.steps)
    part, parts = map(int, options.part.split("/"))
    for seeds in range(1, options.seeds + 1):  # one seed of all before the next: a part is worth something
        for variant in VARIANTS[part - 1 :: parts]:
            losses(variant, text, results, options.steps, seeds)
    if not options.quick:
        for name in OTHERS:
            for corpus in CORPORA[part - 1 :: parts]:
                elsewhere(corpus, name, results)
        for one in PLAINS[part - 1 :: parts]:
            plain_loss(one, text, results)
    if options.write:
        records = table(text, results, options.steps, options.seeds, options.quick)
        DATA.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        DOCUMENT.write_text(document(records), encoding="utf-8")


if __name__ == "__main__":
    main()
