"""The question about a learner's passage, where none was typed: from the passage's own words."""

from __future__ import annotations

import pytest

from pages.applications.answers import USES, asked_of, question_about, wish


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        ("Ben had a red kite. Nora found it under the bench.", "Who found it under the bench?"),
        ("Lily lost her hat. She looked for it.", "Who lost her hat?"),
        ("Paris is in France.", "What is in France?"),
        ("The wind took the kite. It was gone.", "What happened?"),
        ("", "What happened?"),
    ],
)
def test_it_asks_about_the_last_sentence_whose_subject_is_named(passage: str, question: str) -> None:
    assert question_about(passage) == question


def test_a_typed_question_stays_and_an_empty_one_follows_the_passage() -> None:
    passage = "Lily lost her hat in the park."
    values = {"use": "question", "drawn": -1, "asks": ""}
    assert USES["question"].name == "question"
    assert asked_of(wish(passage, values)) == ("Who lost her hat in the park?", passage)
    assert asked_of(wish(passage, values | {"asks": "Where?"})) == ("Where?", passage)
