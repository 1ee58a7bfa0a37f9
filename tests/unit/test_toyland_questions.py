"""Toyland's questions: the answers are true, and the causes are causes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from core.data.toyland import Place, Story, Thing, questions
from core.data.toyland.causes import DEEDS, Because, deeds, feelings, happenings, possible_without, states
from core.data.toyland.checks import cause_problems
from core.data.toyland.event import EVENTS
from core.data.toyland.questions import Question
from tests import toyland


@pytest.fixture(scope="module")
def train() -> list[Story]:
    return toyland.told()[:1000]


@pytest.fixture(scope="module")
def asked(train: list[Story]) -> list[tuple[Story, Question]]:
    return [(told, question) for told in train for question in questions(told)]


def thing_of(told: Story, question: Question) -> Thing:
    """The thing that a question names."""
    return next(
        e
        for e in told.entities.values()
        if isinstance(e, Thing) and re.search(rf"\b{e.kind}\b", question.text)
    )


def test_all_kinds_are_asked(asked: list[tuple[Story, Question]]) -> None:
    counts = Counter(question.kind for _, question in asked)
    assert set(counts) == {"where", "who", "colour", "why", "first", "yesno"}
    assert min(counts.values()) > 500


def test_questions_are_well_written(asked: list[tuple[Story, Question]]) -> None:
    names = {p.name for told, _ in asked for p in told.people}
    for told, question in asked:
        assert re.fullmatch(r"[A-Z][^?{}]+\?", question.text)
        assert re.fullmatch(r"[A-Z][^.{}]+\.", question.answer)
        inside = re.findall(r"(?<=[\w,] )[A-Z]\w+", f"{question.text} {question.answer}")
        assert set(inside) <= names, (question.text, question.answer)
        assert 0 <= question.sentence_index < len(told.sentences)


def test_no_question_is_asked_twice_of_a_story(train: list[Story]) -> None:
    for told in train:
        asked = questions(told)
        assert len(set(asked)) == len(asked)


def test_who_has_it(asked: list[tuple[Story, Question]]) -> None:
    for told, question in asked:
        if question.kind == "who":
            thing, end = thing_of(told, question), told.sentences[-1].state_after
            assert question.answer == end.get(thing.id, "where") + "."
            said = {m.entity for m in told.sentences[question.sentence_index].mentions}
            said |= {one for entity in said for one in entity.split("+")}
            assert {thing.id, question.answer[:-1]} <= said


def test_yes_and_no(asked: list[tuple[Story, Question]]) -> None:
    """Answered again from the events and the last state, without the code's tables."""
    deeds_by_verb = {
        "lose": ({"lose"}, "a"),
        "find": ({"find", "find_other"}, ""),
        "hide": ({"hide"}, "b"),
        "break": ({"break"}, "a"),
        "mend": ({"mend"}, "c"),
        "buy": ({"buy"}, "a"),
        "snatch": ({"snatch"}, "a"),
        "win": ({"win"}, "a"),
        "plant": ({"plant"}, "a"),
        "pick": ({"pick"}, "a"),
        "learn": ({"learn"}, "a"),
        "work": ({"pay_job"}, "a"),
        "clear": ({"clear_with"}, "a"),
        "promise": ({"promise_care"}, "a"),
    }
    counts: Counter[str] = Counter()
    for told, question in asked:
        if question.kind != "yesno":
            continue
        end, (first, name, verb, *_) = told.sentences[-1].state_after, question.text.rstrip("?").split()
        if first == "Does":
            truth = end.get(thing_of(told, question).id, "where") == name
        elif first == "Is":
            place = end.get(name, "at")
            truth = re.search(rf"the {place} at the end", question.text) is not None
        else:
            kinds, role = deeds_by_verb[verb]
            truth = any(
                h.kind in kinds and h.roles[role or ("b" if h.kind == "find_other" else "a")] == name
                for h, _ in happenings(told)
            )
        assert question.answer == ("Yes." if truth else "No."), (told.seed, question)
        counts[question.answer] += 1
    assert 0.8 < counts["Yes."] / counts["No."] < 1.25


def test_where(asked: list[tuple[Story, Question]]) -> None:
    for told, question in asked:
        if question.kind != "where":
            continue
        place = next(
            (
                e
                for e in told.entities.values()
                if isinstance(e, Place) and question.answer.endswith(f"the {e.name}.")
            ),
            None,
        )
        text = told.sentences[question.sentence_index].text
        if question.text.startswith("Where is"):
            assert place
            assert told.sentences[-1].state_after.get(question.text.split()[2], "at") == place.id
        elif question.text.startswith("Where did"):
            assert question.answer[:-1].lower() in text.lower()
        if question.text.startswith(("Where is", "At which")):
            assert place
            assert place.id in {m.entity for m in told.sentences[question.sentence_index].mentions}


def test_at_home_is_said_of_the_house(asked: list[tuple[Story, Question]]) -> None:
    at_home = 0
    for told, question in asked:
        if question.text.startswith("Where is"):
            home = told.sentences[0].events[0].roles["h"]
            is_home = told.sentences[-1].state_after.get(question.text.split()[2], "at") == home
            assert ("in the house" in question.answer.lower()) is is_home
            at_home += is_home
    assert at_home > 100


def test_colours(asked: list[tuple[Story, Question]]) -> None:
    for told, question in asked:
        if question.kind == "colour":
            thing = thing_of(told, question)
            assert question.answer.lower() == thing.colour + "."
            assert f"{thing.colour} {thing.kind}" in told.sentences[question.sentence_index].text


@pytest.mark.full(reason="takes a second")
def test_the_first_is_first(train: list[Story]) -> None:
    """Answered again: the clauses are written here, by name, and looked up in the order of the events."""
    counts = 0
    for told in train:
        said: dict[str, int] = {}
        for order, (happening, _) in enumerate(happenings(told)):
            did = EVENTS[happening.kind].did
            if did:
                named = {role: name(told, entity) for role, entity in happening.roles.items()}
                clause = did.source
                for role, text in named.items():
                    clause = re.sub(rf"\{{{role}(:o)?\}}", text, clause)
                said.setdefault(clause, order)
        for question in questions(told):
            if question.kind != "first":
                continue
            pair = question.text[len("What happened first: ") : -1].split(", or ")
            assert question.answer[1:-1] in {clause[1:] for clause in pair}
            if len(pair) == 2 and set(pair) <= set(said):
                first = min(pair, key=said.__getitem__)
                assert question.answer[:-1] == first[0].upper() + first[1:]
                counts += 1
    assert counts > 1500


def name(told: Story, entity: str) -> str:
    """What a question calls somebody or something."""
    found = told.entities[entity]
    return (
        f"the {found.kind}"
        if isinstance(found, Thing)
        else getattr(found, "name", getattr(found, "text", ""))
    )


def test_causes_are_causes(train: list[Story]) -> None:
    pairs: set[tuple[str, str]] = set()
    for told in train:
        assert cause_problems(told) == []
        flat = happenings(told)
        for because in (*feelings(told), *deeds(told)):
            pairs.add((flat[because.effect][0].kind, flat[because.cause][0].kind))
    assert len(pairs) > 60
    assert {effect for effect, _ in pairs} >= set(DEEDS)


def test_another_cause_is_noticed(train: list[Story]) -> None:
    """A feeling that is given the cause of somebody else, or one that is over, is found out."""
    tried = noticed = 0
    for told in train[:300]:
        flat = happenings(told)
        for because in feelings(told):
            happening, index = flat[because.effect]
            for wrong in range(len(flat)):
                if wrong == because.cause or not EVENTS[flat[wrong][0].kind].reason:
                    continue
                events = tuple(
                    replace(h, cause=wrong) if h is happening else h for h in told.sentences[index].events
                )
                sentences = list(told.sentences)
                sentences[index] = replace(sentences[index], events=events)
                tried += 1
                noticed += bool(cause_problems(replace(told, sentences=tuple(sentences))))
    assert tried > 500
    assert noticed / tried > 0.5  # what touches the same person and still holds could be a cause


def test_without_its_cause_a_deed_cannot_be(train: list[Story]) -> None:
    for told in train[:300]:
        flat, before = happenings(told), states(told)
        for because in deeds(told):
            assert because.fact is not None
            entity, attribute, value = because.fact
            assert before[because.cause].get(entity, attribute) != value
            assert before[because.cause + 1].get(entity, attribute) == value
            assert before[because.effect].get(entity, attribute) == value
            assert not possible_without(told, because.effect, because.cause)
            innocent = [
                i
                for i in range(because.effect)
                if not {e for e, _, _ in flat[i][0].changes} & set(flat[because.effect][0].roles.values())
                and possible_without(told, because.effect, i)
            ]
            assert because.cause not in innocent


def test_a_deed_that_is_not_there(train: list[Story]) -> None:
    with pytest.raises(ValueError, match="no happening 999"):
        possible_without(train[0], 999, 0)


def test_why_answers_say_the_cause(train: list[Story]) -> None:
    """In words: whoever is asked about as sad over a loss did lose it, and it was still gone."""
    checked = 0
    for told in train:
        flat = happenings(told)
        for question in questions(told):
            match = re.fullmatch(
                r"Because (\w+) had (lost|found|broken|bought|mended) (.+)\.", question.answer
            )
            if question.kind != "why" or not match:
                continue
            kinds = {"lost": "lose", "found": "find", "broken": "break", "bought": "buy", "mended": "mend"}
            thing = next(
                e.id for e in told.entities.values() if isinstance(e, Thing) and match[3].endswith(e.kind)
            )
            assert any(
                h.kind == kinds[match[2]]
                and h.roles["x"] == thing
                and match[1] in h.roles.values()
                and index == question.sentence_index
                for h, index in flat
            ), question
            checked += 1
    assert checked > 500


def test_what_is_eaten_is_gone(train: list[Story]) -> None:
    for told in train:
        for sentence in told.sentences:
            for happening in sentence.events:
                if happening.kind == "taste_good":
                    eaten = happening.roles["x"]
                    assert told.sentences[-1].state_after.get(eaten, "where") == "nowhere"
                    kind = told.entities[eaten].kind  # type: ignore[union-attr]
                    assert not any(q.kind == "who" and f" {kind} " in q.text for q in questions(told))


def test_because_keeps_order() -> None:
    assert Because(3, 1, None) != Because(3, 1, ("x", "broken", "yes"))
