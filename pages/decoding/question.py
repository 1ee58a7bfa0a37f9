"""Ask the Decoding page's question: does a token that no path takes lead to a likelier text than greedy's?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app import markup, questions
from app.questions import Answer
from app.session.fields import Value
from core.decoding.stages import Next
from core.decoding.tree import Tree
from core.language_model import LanguageModel
from core.messages import say_of
from pages.decoding.request import Asked, Request, following, grown

HOTTER = 3.0
HOT = {"temperature": HOTTER, "top_k": None, "top_p": None, "min_p": None, "repetition_penalty": 1.0}


@dataclass(frozen=True)
class Question:
    """Hold what is asked. way: the branch to force; () where the question is about the temperature instead.

    said: the words of the question.   shows: the fields that put its answer into the picture.
    """

    said: questions.Asked
    way: tuple[int, ...]
    asked: Asked  # what is computed at commit
    prompt: Next  # what may follow the prompt now
    shows: Mapping[str, Value]

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
        first = tree.nodes[forced.nodes[len(self.way) - 1]]
        numbers: dict[str, float | int | str] = {
            "first": first.probability,
            "forced": forced.log_prob,
            "greedy": greedy.log_prob,
        }
        key = "likelier" if forced.log_prob > greedy.log_prob else "less"
        return self.said.answer(
            key, numbers, self.shows, text=_token(forced.text), other=_token(greedy.text), **numbers
        )

    def _hotter(self, lm: LanguageModel) -> Answer:
        then = following(lm, self.asked, (), **HOT)
        now, after = (float(one.probabilities[0].max()) for one in (self.prompt, then))
        hottest = float(then.probabilities[-1].max())
        key = "falls" if hottest < now / 2 else "keeps"
        return self.said.answer(key, {"now": after, "then": hottest}, self.shows, now=now, then=hottest)


def ask(tree: Tree, wish: Request, focus: int) -> Question:
    """Ask about the likeliest token after node `focus` that no path takes; with none, about the temperature."""
    asked = wish.asked
    prompt, after = tree.nexts[0], tree.nexts[tree.nodes[focus].next]
    greedy = replace(asked, strategies=("greedy",), forced=())
    taken = {node.token_id for node in tree.nodes if node.parent == focus and node.on}
    free = [int(id) for id in after.ids if int(id) not in taken and int(id) != int(after.ids[0])]
    if tree.depth < 2 or not free:
        said = questions.ask("decoding", "temperature", hot=f"{HOTTER:g}", token=_token(prompt.tokens[0]))
        return Question(said, (), greedy, prompt, {"temperature": HOTTER})
    way = [*way_to(tree, focus), free[0]]
    name = _token(after.tokens[after.ids.tolist().index(free[0])])
    said = questions.ask(
        "decoding", "forced", unit=say_of("unit", "blank") if tree.slots else say_of("unit", "token"), place=len(way),
        best=_token(after.tokens[0]), token=name, top=float(after.probabilities[0, 0]),
    )  # fmt: skip
    shows: dict[str, Value] = {**wish.force(".".join(map(str, way))), "greedy": True, "level": -1}
    return Question(said, tuple(way), replace(greedy, forced=tuple(way)), prompt, shows)


def way_to(tree: Tree, node: int) -> list[int]:
    """Collect the tokens that lead from the prompt to a node."""
    ids: list[int] = []
    while node > 0:
        ids.insert(0, tree.nodes[node].token_id)
        node = tree.nodes[node].parent
    return ids


def _token(text: str) -> str:
    return markup.mono(markup.visible(text))
