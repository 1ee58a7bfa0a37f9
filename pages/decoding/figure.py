"""Draw the Decoding picture: one tree of shared passes, and the warped distribution after any of its nodes.

`record` turns what `core.decoding` computed into the component's JSON. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from app import chapters
from app.kit import pack, register
from core.decoding.stages import FIRST
from core.decoding.tree import Tree
from core.language_model import LanguageModel
from core.messages import say, say_of
from pages.decoding.request import begins
from pages.decoding.verdict import Verdict

decoding = register("decoding", __file__)

Array = np.ndarray[Any, Any]

READ = 60  # tokens of the text that the description reads out
NEAR = 24  # those over the prompt's last one
DOORS = ("tokenization", "home")


def record(
    tree: Tree,
    verdict: Verdict,
    lm: LanguageModel,
    shown: Mapping[str, Any],
    stamp: str,
) -> dict[str, Any]:
    """Turn a tree into the JSON that figure.js draws.

    Args:
        shown: `tokens` of the text, `beams`, `seed`, `forced` (whether a branch is), `show`, by strategy, and `across`:
            (N, S) what an encoder-decoder's row that says the next token reads of the source; None elsewhere.
        stamp: changes with anything but the selection; with the same stamp the browser keeps its layout.
    """
    word, special = lm.tokenizer.display, lm.special_ids
    prompt = list(tree.prompt_ids)
    if tree.slots:  # what a blank hides stands nowhere on the tree
        seen = prompt[: tree.slots[0]]
        chip, read = word(seen[-1]) if seen else say("start"), lm.tokenizer.pieces(seen[:-1])
        said = "".join(read[-READ:]) + "".join(lm.tokenizer.pieces(seen[-1:]))
    else:
        *read, chip = _written(lm, tree, shown)
        said = "".join(read[-READ:]) + chip
    ids = {int(id) for following in tree.nexts for id in following.ids} | {
        node.token_id for node in tree.nodes[1:]
    }
    return {
        "stamp": stamp,
        "shape": lm.config.shape,
        "tokens": list(shown["tokens"]),
        "prompt": {
            "chip": chip,
            "before": " ".join("".join(read[-NEAR:]).split()),
            "long": "…" * (len(read) > READ) + said,
        },
        "root": _root(lm, shown["target"]),
        "starts": lm.config.shape == "encoder-decoder" and not shown["target"],
        "heads": [
            say("Blank {number}", number=step + 1) if tree.slots else say("Token {number}", number=step + 1)
            for step in range(tree.depth)
        ],
        "slots": list(tree.slots),
        "depth": tree.depth,
        "wanted": tree.wanted,
        "penalty": tree.length_penalty,
        "nodes": _nodes(tree),
        "paths": _paths(tree),
        "best": verdict.best,
        "focus": verdict.focus,
        "verdict": _said(verdict),
        "next": _nexts(tree, lm),
        "words": {str(id): word(id) for id in ids},
        "vocabulary": lm.config.d_vocab,
        "passes": tree.passes,
        "source": None if shown["across"] is None else _source(lm, prompt, shown["across"], special),
        "doors": [slug for slug in DOORS if chapters.BY_SLUG[slug].exists],
        **{name: shown[name] for name in ("beams", "seed", "forced", "show")},
    }


def _paths(tree: Tree) -> list[dict[str, Any]]:
    return [
        {
            "name": path.name, "strategy": path.strategy, "nodes": list(path.nodes), "text": path.text,
            "sum": path.log_prob, "score": path.score, "finished": path.finished,
        }
        for path in tree.paths
    ]  # fmt: skip


def _said(verdict: Verdict) -> dict[str, Any]:
    return {
        "kind": verdict.kind,
        "pieces": [[text, mono] for text, mono in verdict.pieces],
        "search": [[text, mono] for text, mono in verdict.search],
        "act": verdict.act,
    }


def _written(lm: LanguageModel, tree: Tree, shown: Mapping[str, Any]) -> list[str]:
    """Read the tokens that a tree grows after: of an encoder-decoder, what its decoder has written."""
    if lm.config.shape != "encoder-decoder":
        return [lm.tokenizer.display(id) for id in tree.prompt_ids]
    return [lm.tokenizer.display(id) for id in begins(lm, shown["target"])]


def _root(lm: LanguageModel, target: str | None) -> str:
    """Name the tree's first chip."""
    if lm.config.shape == "encoder":
        return say("Text")
    if target is None:
        return say("Prompt")
    return say("So far") if target else say_of("root", "Start")


def _source(lm: LanguageModel, ids: Sequence[int], across: Array, special: Collection[int]) -> dict[str, Any]:
    """Describe what an encoder-decoder reads, and pack the cross-attention of each row of its decoder."""
    heads = [
        f"L{layer}H{head}" for layer in range(lm.config.decoder_layers) for head in range(lm.config.n_heads)
    ]
    return {
        "tokens": [{"text": lm.tokenizer.display(id), "special": id in special} for id in ids],
        "reads": pack(across),
        "readers": [say("all heads"), *heads],
    }


def _nodes(tree: Tree) -> dict[str, list[Any]]:
    nodes = tree.nodes
    return {
        "parent": [node.parent for node in nodes],
        "depth": [node.depth for node in nodes],
        "id": [node.token_id for node in nodes],
        "text": [node.token for node in nodes],
        "p": [node.probability for node in nodes],
        "sum": [node.sum for node in nodes],
        "score": [node.score for node in nodes],
        "on": [list(node.on) for node in nodes],
        "running": [node.running for node in nodes],
        "next": [node.next for node in nodes],
    }


def _nexts(tree: Tree, lm: LanguageModel) -> dict[str, Any]:
    first = tree.nexts[0]
    most = max(len(following.ids) for following in tree.nexts)
    probabilities = np.zeros((len(tree.nexts), len(first.stages), most), dtype=np.float32)  # (N, S, C)
    for place, following in enumerate(tree.nexts):
        probabilities[place, :, : len(following.ids)] = following.probabilities
    return {
        "ids": [following.ids.tolist() for following in tree.nexts],
        "probs": pack(probabilities),
        "kept": [following.kept.tolist() for following in tree.nexts],
        "entropy": [following.entropy.tolist() for following in tree.nexts],
        "stages": [
            {
                "name": name,
                "setting": _setting(lm, name, value, active),
                # The first token is fixed at the very beginning only; all other stages are alike everywhere.
                "active": [following.stages[place][2] for following in tree.nexts],
            }
            for place, (name, value, active) in enumerate(first.stages)
        ],
    }


def _setting(lm: LanguageModel, name: str, value: float | None, active: bool) -> str:
    """Format a warper's setting, the column's second line; of the first token, which it is."""
    if name == "model":
        return ""
    if name == FIRST and lm.config.first_id is not None:
        return lm.tokenizer.display(lm.config.first_id)
    return f"{value:g}" if active and value is not None else say_of("setting", "off")
