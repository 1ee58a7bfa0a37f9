"""Tables in the reader's language: names and numbers in them are said, tokens and texts stay."""

from __future__ import annotations

from app import columns
from core.messages import speaking


def spanish(table: dict[str, list[object]]) -> dict[str, list[object]]:
    """The table as somebody reads it who speaks Spanish."""
    with speaking("es"):
        return {name: list(column) for name, column in columns.named(table).items()}


def test_in_english_a_table_stays_as_it_is() -> None:
    table = {"what": ["row 3"], "token": [" red"]}
    assert columns.named(table) is table


def test_columns_and_what_names_a_row_are_said_with_their_numbers() -> None:
    table: dict[str, list[object]] = {
        "what": ["row 3", "'bank' in two sentences, depth 2", None, 4],
        "16 in a row right": [0.25, None, None, None],
    }
    assert spanish(table) == {
        "qué": ["fila 3", "'bank' en dos frases, profundidad 2", None, 4],
        "16 aciertos seguidos": [0.25, None, None, None],
    }


def test_several_names_in_a_cell_are_each_said() -> None:
    assert spanish({"paths": ["greedy, beam 1, sample"]}) == {"caminos": ["voraz, haz 1, muestreo"]}


def test_tokens_stay_whatever_they_say() -> None:
    table: dict[str, list[object]] = {"token": ["head", "row 3"], "of": ["all", "cache"], "3 head": [1, 2]}
    assert spanish(table) == {"token": ["head", "row 3"], "de": ["all", "cache"], "3 head": [1, 2]}


def test_a_part_is_said_and_a_token_beside_it_stays() -> None:
    table: dict[str, list[object]] = {"what": ["part", "kept up to the token"], "of": ["head", "head"]}
    assert spanish(table)["de"] == ["cabezal", "head"]


def test_two_columns_never_get_one_name() -> None:
    table: dict[str, list[object]] = {"chance": [1], "probability": [2]}
    assert list(spanish(table).values()) == [[1], [2]]


def test_no_number_of_places_breaks_a_name() -> None:
    many = " ".join(str(n) for n in range(40))
    assert spanish({"what": [many]}) == {"qué": [many]}
