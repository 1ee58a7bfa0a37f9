"""The scores of tales-t5's card: each task on held-out combinations, beside what needs no transformer.

`python -m scripts.train_models tales-t5 --scores` computes them anew. chrF (Popovic 2015) is sacrebleu's, of each
translation beside that of all allowed tellings which is nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.analysis.tasks.task_scores import FIRST_SEED, Judged, examples, judge, score, tried
from core.data.tasks import TASKS
from core.language_model import LanguageModel
from scripts.task_baselines import baselines

COUNTS = {"translate": 1_000, "summarize": 400, "question": 1_000, "sentiment": 1_000}
TRAIN = {"translate": 20_000, "summarize": 4_000, "question": 20_000, "sentiment": 20_000}
TRAIN_SEED = 800_000_000
SHOWN = 4
_DRAWS = 1_000  # of the bootstrap


def report(
    lm: LanguageModel, counts: dict[str, int] | None = None, train: dict[str, int] | None = None
) -> dict[str, Any]:
    """Every task's scores, baselines and first examples, as plain JSON."""
    counts, train = counts or COUNTS, train or TRAIN
    found: dict[str, Any] = {
        "decoding": "greedy",
        "split": "held out by combination (see core.data.toyland)",
        "seed": FIRST_SEED,
        "intervals": "95 %, Wilson 1927; of chrF a bootstrap over examples (sacrebleu)",
    }
    return found | {name: _task(lm, name, count, train[name]) for name, count in counts.items()}


def _task(lm: LanguageModel, name: str, count: int, train: int) -> dict[str, Any]:
    pairs = examples(name, count)
    own = tried(lm, name, pairs)
    told: dict[str, Any] = {"examples": count, "model": _said(name, own), "baselines": {"train": train}}
    learned = baselines(name, examples(name, train, TRAIN_SEED, "train"))
    for kind, answer in learned.items():
        theirs = [judge(name, pair, answer(pair.source)) for pair in pairs]
        told["baselines"][kind] = _said(name, theirs, groups=False)
    told["shown"] = [
        {"source": one.pair.source, "target": one.pair.target, "written": one.written, "right": one.right}
        for one in own[:SHOWN]
    ]
    return told


def _said(name: str, judged: Sequence[Judged], groups: bool = True) -> dict[str, Any]:
    scores = score(judged)
    said: dict[str, Any] = {asked: asdict(share) for asked, share in scores.all.items()}
    if groups and len(scores.groups) > 1:
        said["groups"] = {
            group: {asked: asdict(share) for asked, share in shares.items()}
            for group, shares in scores.groups.items()
        }
    if name == "translate":
        said["chrF"] = chrf([one.written for one in judged], [one.pair.truth.allowed for one in judged])
    return said


def chrf(written: Sequence[str], allowed: Sequence[frozenset[str]]) -> dict[str, float]:
    """chrF2 of a corpus, 0 to 100, each text beside the allowed one that it is nearest to, with a bootstrap interval.

    A text's nearest telling is the one with the highest chrF of its own, as sacrebleu takes it.
    """
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    most = max(map(len, allowed))
    ordered = [sorted(tellings) for tellings in allowed]
    references = [[row[n] if n < len(row) else None for row in ordered] for n in range(most)]
    found = metric.corpus_score(list(written), references, n_bootstrap=_DRAWS)  # type: ignore[arg-type]
    low, high = found.score, found.score
    if found._ci is not None:
        low, high = found._mean - found._ci, min(100.0, found._mean + found._ci)
    return {
        name: round(float(value), 2) for name, value in (("score", found.score), ("low", low), ("high", high))
    }


__all__ = ["COUNTS", "TASKS", "chrf", "report"]
