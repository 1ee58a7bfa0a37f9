"""Draw the Applications picture: what a model is asked, what it answers, and what of its source it read.

`record` turns an answer (answers.py) and what is right about it (verdict.py) into the component's JSON; it computes
nothing. Which model does what: `answers.USES`.
"""

from __future__ import annotations

from typing import Any

from app.kit import pack, register
from core.analysis.heads import answer_location
from core.analysis.heads.cross_reading import is_mark
from core.analysis.tasks import heroes
from core.messages import mark, say
from pages.applications.answers import Found, Wish, made_links
from pages.applications.verdict import Verdict, hero_of, strangers

applications = register("applications", __file__)

ASKED = {
    "translate": mark("English, as the encoder reads it"),
    "summarize": mark("The story, sentence by sentence"),
    "question": mark("The passage, sentence by sentence"),
    "sentiment": mark("The review"),
    "story": mark("The beginning"),
    "dialogue": mark("The scene"),
    "code": mark("The function so far"),
}
SAID = {
    "translate": mark("Spanish, as the decoder of {model} writes it"),
    "summarize": mark("The summary by {model}, clause by clause"),
    "question": mark("The answer by {model}"),
    "sentiment": mark("The label by {model}"),
    "story": mark("The story by {model}"),
    "dialogue": mark("What is answered, by {model}"),
    "code": mark("The function by {model}"),
}
LONGEST_LABEL = 28  # characters of a class or span beside its bar


def record(found: Found, verdict: Verdict) -> dict[str, Any]:
    """Turn an answer into the JSON that figure.js draws, but for the selection."""
    use, wish = found.wish.use, found.wish
    strange = set(strangers(found))
    data = _frame(wish, found.name) | {
        "failed": found.failed,
        "head": _question(found),
        "read": [_read(wish.source[a:b], strange) for a, b in found.read],
        "written": [
            {
                "text": found.written[a:b],
                "p": None if verdict.strange else p,
                "mark": is_mark(found.written[a:b]),
            }
            for (a, b), p in zip(found.units, found.likely)
        ],
        "links": made_links(found) if use.name == "translate" else [],
        "sure": verdict.links,
        "possible": [link for link in verdict.possible if link not in verdict.links],
        "judged": bool(verdict.links),
        "sentence": verdict.sentence,
        "labels": [{"label": _short(label), "p": p} for label, p in found.labels if not verdict.strange],
        "marks": _marks(found),
        "wrong": [one.line for one in found.check.undefined] if found.check else [],
        "rule": found.rule.name if found.rule else _attention(found),
        "ruled": found.rule.of_it if found.rule else _attention(found),
        "verdict": [{"text": line.text, "right": line.right} for line in verdict.lines],
        "target": verdict.target if verdict.target != found.written else "",
    }
    if found.weights is not None:
        data["weights"] = pack(found.weights)
    return data


def missing(wish: Wish, model: str, why: str) -> dict[str, Any]:
    """Describe a use whose model does not answer, with the reason."""
    return _frame(wish, model) | {"failed": why}


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _attention(found: Found) -> str:
    """Say whose attention is drawn, of a model with a head."""
    if found.labelled is None:
        return ""
    if found.labelled.answers:
        return say("its tokens in the last block, mean of all heads")
    return say("what stands for the text in the last block, mean of all heads")


def _frame(wish: Wish, model: str) -> dict[str, Any]:
    use = wish.use
    return {
        "stamp": "",
        "use": use.name,
        "label": say(use.label),
        "model": model,
        "cuts": list(wish.cuts),
        "kind": use.picture,
        "titles": [say(ASKED[use.name]), say(SAID[use.name], model=model)],
        "head": "",
        "source": wish.source,
        **{
            key: []
            for key in ("read", "written", "links", "sure", "possible", "labels", "marks", "wrong", "verdict")
        },
        "judged": False,
        "sentence": -1,
        "rule": "",
        "ruled": "",
        "target": "",
    }


def _read(text: str, strange: set[str]) -> dict[str, Any]:
    return {"text": text, "mark": is_mark(text), "strange": text in strange}


def _question(found: Found) -> str:
    """Cut the question out of the source."""
    source = found.wish.source
    if found.wish.use.name != "question":
        return ""
    return source[found.wish.first : source.index(answer_location.MIDDLE)]


def _marks(found: Found) -> list[dict[str, Any]]:
    """Find the names in each part of a story."""
    if found.wish.use.name != "story":
        return []
    hero, said = hero_of(found), []
    for at, (first, end) in enumerate(found.units):
        text = found.written[first:end]
        for name, a, b in heroes.mentions(text, (*heroes.NAMES, hero)):
            said.append({"part": at, "first": a, "end": b, "hero": name == hero})
    return said
