"""Ask the Decoding page's question: does a token that no path takes lead to a likelier text than greedy's?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app import markup
from app.controls.predict import Answer
from core.decoding.stages import Next
from core.decoding.tree import Tree
from core.language_model import LanguageModel
from pages.decoding.request import Asked, following, grown

HOTTER = 3.0
HOT = {"temperature": HOTTER, "top_k": None, "top_p": None, "min_p": None, "repetition_penalty": 1.0}


@dataclass(frozen=True)
class Question:
    """Hold what is asked. way: the branch to force; () where the question is about the temperature instead."""

    text: str
    options: tuple[str, ...]
    way: tuple[int, ...]
    asked: Asked  # what is computed at commit
    prompt: Next  # what may follow the prompt now

    @property
    def hangs_on(self) -> tuple[object, ...]:
        """Key what decides the answer: beams, draws and their settings do not."""
        asked = self.asked
        told = (asked.ids, asked.target, asked.slots)
        return (*told, asked.depth, self.way, asked.warpers()["repetition_penalty"]) if self.way else told

    def judge(self, lm: LanguageModel) -> Answer:
        """Compute the answer."""
        return self._forced(lm) if self.way else self._hotter(lm)

    def _forced(self, lm: LanguageModel) -> Answer:
        tree = grown(lm, self.asked)
        greedy, forced = tree.path("greedy"), tree.path("forced 1")
        assert greedy is not None and forced is not None
        index = 0 if forced.log_prob > greedy.log_prob else 1
        first = tree.nodes[forced.nodes[len(self.way) - 1]]
        why = (
            f"{_token(first.token)} has {first.probability:.3f} and leads to {_token(forced.text)}: its sum of log p "
            f"is {forced.log_prob:.3f}, that of greedy’s {_token(greedy.text)} {greedy.log_prob:.3f}."
        )
        numbers: dict[str, float | int | str] = {
            "first": first.probability,
            "forced": forced.log_prob,
            "greedy": greedy.log_prob,
        }
        return Answer(index, why, numbers)

    def _hotter(self, lm: LanguageModel) -> Answer:
        then = following(lm, self.asked, (), **HOT)
        now, after = (float(one.probabilities[0].max()) for one in (self.prompt, then))
        hottest = float(then.probabilities[-1].max())
        index = 0 if hottest < now / 2 else 1
        why = f"It falls from {now:.3f} to {hottest:.3f}: dividing the scores by {HOTTER:g} evens them out."
        return Answer(index, why, {"now": after, "then": hottest})


def ask(tree: Tree, asked: Asked, focus: int) -> Question:
    """Ask about the likeliest token after node `focus` that no path takes; with none, about the temperature."""
    prompt, after = tree.nexts[0], tree.nexts[tree.nodes[focus].next]
    greedy = replace(asked, strategies=("greedy",), forced=())
    taken = {node.token_id for node in tree.nodes if node.parent == focus and node.on}
    free = [int(id) for id in after.ids if int(id) not in taken and int(id) != int(after.ids[0])]
    if tree.depth < 2 or not free:
        text = f"At a temperature of {HOTTER:g}, does the likeliest token keep half of its probability?"
        return Question(text, ("No, less than half", "Yes"), (), greedy, prompt)
    way = [*way_to(tree, focus), free[0]]
    name = _token(after.tokens[after.ids.tolist().index(free[0])])
    unit = "blank" if tree.slots else "step"
    text = f"Force {name} at {unit} {len(way)}, then go on greedily: likelier than greedy’s text?"
    return Question(text, ("Likelier", "Less likely"), tuple(way), replace(greedy, forced=tuple(way)), prompt)


def way_to(tree: Tree, node: int) -> list[int]:
    """Collect the tokens that lead from the prompt to a node."""
    ids: list[int] = []
    while node > 0:
        ids.insert(0, tree.nodes[node].token_id)
        node = tree.nodes[node].parent
    return ids


def _token(text: str) -> str:
    return markup.mono(markup.visible(text))
