"""Say what carried.js needs, where the picture's file carries its model: words and rules, and what a model does on any text.

Rules and words have one source, Python's constants; the browser computes with them.
"""

from __future__ import annotations

from typing import Any

from core.analysis.heads import jobs, null_distributions
from core.analysis.heads.null_distributions import CONTENT, halves_that_differ
from core.analysis.heads.patterns import BROAD, NAMES, RECENT, SHARP, repeat_scores, texts_said_twice
from core.analysis.word_classes import CLASSES, OTHER, SIGNS, class_by_word
from core.analysis.word_classes import NAMES as PEOPLE
from core.language_model import LanguageModel
from pages.multi_head.ablation import NOTHING
from pages.multi_head.figure import OFF_ADDS, Seen
from pages.multi_head.roles import ABOUT, BRIEF, COLUMNS, MEANS, RANDOM, SENTENCES, UNIT, needs_halves


def told(seen: Seen) -> dict[str, Any]:
    """Return the words of the picture, and the rules by which a head gets its name."""
    found: dict[str, list[str]] = {name: [] for name in CLASSES}
    for word, name in class_by_word().items():
        found[name].append(word)
    return {
        "names": dict(NAMES), "even": jobs.EVEN, "mixed": jobs.MIXED, "short": jobs.SHORT, "random": RANDOM,
        "columns": list(COLUMNS), "about": ABOUT, "brief": BRIEF, "unit": UNIT, "means": MEANS,
        "reads": {name: jobs.reads(name) for name in CLASSES}, "sentences": SENTENCES,
        "offAdds": [[str(value), words] for value, words in OFF_ADDS.items()],
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


def on_repeats(lm: LanguageModel) -> dict[str, Any]:
    """Measure what hangs on the model alone: its heads on random tokens said twice, and what comes of that by chance.

    Returns:
        The texts, as ids; the scores by pattern; the lines of chance, where they decide about a name. With heads off
        the browser measures the same texts again.
    """
    scores = repeat_scores(lm)
    lines = halves_that_differ(lm) if needs_halves(scores) else {}
    return {
        "texts": texts_said_twice(lm)[1],
        "scores": {
            job: {"value": score.value.tolist(), "even": score.even, "most": score.most, "rows": score.rows}
            for job, score in scores.items()
        },
        "lines": {job: null.line for job, null in lines.items()},
    }
