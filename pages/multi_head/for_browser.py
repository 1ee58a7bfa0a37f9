"""Say what the browser needs where a picture's file carries its model: words, rules, and what takes many passes.

Rules and words have one source, Python's constants; the browser computes with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.analysis.heads import jobs, null_distributions
from core.analysis.heads.null_distributions import CONTENT, Null, halves_that_differ, head_chance
from core.analysis.heads.patterns import (
    BROAD,
    NAMES,
    RECENT,
    SHARP,
    head_maps,
    repeat_scores,
    texts_said_twice,
)
from core.analysis.word_classes import CLASSES, OTHER, SIGNS, class_by_word
from core.analysis.word_classes import NAMES as PEOPLE
from core.language_model import LanguageModel
from core.messages import say
from pages.multi_head.ablation import NOTHING
from pages.multi_head.figure import OFF, OFF_ADDS, Seen
from pages.multi_head.roles import (
    ABOUT,
    BRIEF,
    COLUMNS,
    MEANS,
    RANDOM,
    SENTENCES,
    UNIT,
    about,
    brief,
    needs_halves,
    unit,
)


def told(seen: Seen) -> dict[str, Any]:
    """Return the words of the picture, and the rules by which a head gets its name."""
    found: dict[str, list[str]] = {name: [] for name in CLASSES}
    for word, name in class_by_word().items():
        found[name].append(word)
    return {
        "names": {job: say(name) for job, name in NAMES.items()}, "even": say(jobs.EVEN),
        "mixed": say(jobs.MIXED), "short": say(jobs.SHORT), "random": say(RANDOM), "columns": list(COLUMNS),
        "about": {say(name): about(name) for name in ABOUT}, "brief": {say(name): brief(name) for name in BRIEF},
        "unit": {say(name): unit(name) for name in UNIT},
        "means": {say(name): say(means) for name, means in MEANS.items()},
        "reads": {name: say(jobs.reads(name)) for name in CLASSES},
        "sentences": {name: say(sentence) for name, sentence in SENTENCES.items()},
        "off": {"label": say(OFF), "adds": [[str(value), say(words)] for value, words in OFF_ADDS.items()]},
        "classes": {"words": {name: " ".join(words) for name, words in found.items()}}
        | {"people": PEOPLE, "signs": SIGNS, "other": OTHER},
        "rules": {
            "sharp": list(SHARP), "broad": list(BROAD), "content": list(CONTENT), "recent": RECENT,
            "shortest": jobs.SHORTEST, "namedFrom": jobs.NAMED_FROM, "evenFrom": jobs.EVEN_FROM, "nothing": NOTHING,
            "draws": null_distributions.DRAWS, "byLuck": null_distributions.BY_LUCK,
            "fewest": null_distributions.FEWEST, "passes": null_distributions.PASSES,
            "positions": null_distributions.POSITIONS, "quick": null_distributions.QUICK,
        },
        "parameters": seen.lm.n_parameters,
    }  # fmt: skip


def measured(lm: LanguageModel, text: str) -> dict[str, Any]:
    """Measure the heads on random tokens said twice, and what chance alone makes of that and of `text`.

    Returns:
        repeats: the token ids of those texts, which the browser reads again with heads off; the scores by pattern; the
        lines of chance, where they decide about a name. came: `text` and its lines, for the browser draws others.
    """
    scores = repeat_scores(lm)
    halves = halves_that_differ(lm) if needs_halves(scores) else {}
    chance = head_chance(lm, head_maps(lm, text), {})
    return {
        "repeats": {
            "texts": texts_said_twice(lm)[1],
            "scores": {
                job: {"value": score.value.tolist(), "even": score.even, "most": score.most, "rows": score.rows}
                for job, score in scores.items()
            },
            "lines": _lines(halves),
        },
        "came": {"text": text, "lines": _lines(chance.text), "classes": _lines(chance.class_nulls)},
    }  # fmt: skip


def _lines(nulls: Mapping[Any, Null]) -> dict[str, float]:
    return {name: null.line for name, null in nulls.items()}
