"""Names in a story, whether its hero stays, and a turn of dialogue."""

from __future__ import annotations

from itertools import islice

import core
from core.analysis.tasks.heroes import BEGINNING, DECODING, MOST, NAMES, kept, mentions, named, stays, turn
from core.data.toyland import stories


def test_names_are_found_where_they_stand():
    text = "Nora and Ben ran. Nora's kite fell, said Benjamin."
    found = mentions(text)
    assert [(name, text[a:b]) for name, a, b in found] == [("Nora", "Nora"), ("Ben", "Ben"), ("Nora", "Nora")]
    assert named(text) == {"Nora": 2, "Ben": 1}
    assert mentions(text, ()) == []
    assert mentions("A+ and A", ["A+", "A"]) == [("A+", 0, 2), ("A", 7, 8)]


def test_a_hero_stays_as_long_as_nobody_is_named_more():
    assert stays("Nora", "Nora met Ben.")
    assert not stays("Nora", "Ben met Ben and Nora.")
    assert not stays("Nora", "She ran.")
    assert stays("Zaphod", "Zaphod met Nora."), "a name that Toyland does not have"


def test_the_heroes_of_the_generator_are_named():
    for story in islice(stories(3), 20):
        assert set(named(story.text)) <= set(NAMES)
        assert named(story.text)


def test_a_turn_ends_at_its_quotation_mark():
    assert turn('I shall help you," said Ben. "Thanks!"') == ("I shall help you,", True)
    assert turn("I shall") == ("I shall", False)
    assert turn("") == ("", False)


def test_heroes_are_kept_as_story_by_story_says():
    lm = core.load("tales-gpt")
    asked = []

    class Heard:
        """The model, and what it is asked."""

        def generate(self, prompt, **options):
            asked.append((prompt, options["seed"]))
            return lm.generate(prompt, **options)

    found = list(kept(Heard(), 3, seed=5))  # type: ignore[arg-type]
    assert found == list(kept(lm, 3, seed=5))
    assert len({prompt for prompt, _ in asked}) > 1
    for right, (prompt, seed) in zip(found, asked):
        hero = prompt.split()[4]
        assert prompt == BEGINNING.format(hero=hero)
        text = lm.generate(prompt, seed=seed, max_new_tokens=MOST, **DECODING).text
        assert right == stays(hero, text)
