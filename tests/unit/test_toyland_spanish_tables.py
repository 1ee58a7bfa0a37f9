"""Toyland's Spanish tables: agreement, contractions, the notation, and English that is Toyland's own."""

from __future__ import annotations

import re
from itertools import product

import pytest

from core.data.toyland import EVENTS
from core.data.toyland.grammar import SPEECH
from core.data.toyland.spanish.align import spanish_text
from core.data.toyland.spanish.items import lines
from core.data.toyland.spanish.lexicon import COLOURS, PLACES, POOLS, PROFESSIONS, SPOTS, THINGS
from core.data.toyland.spanish.notation import Clitic, Slot, either, entries, parallel, pieces, tellings
from core.data.toyland.spanish.phrase import Token, What
from core.data.toyland.state import Thing
from core.data.toyland.template import Choice, Piece, Template
from core.data.toyland.words import HOME_SPOTS, MASS, TAGS, colours
from core.data.toyland.words import PLACES as ENGLISH_PLACES
from core.data.toyland.words import POOLS as ENGLISH_POOLS
from core.data.toyland.words import PROFESSIONS as ENGLISH_PROFESSIONS

TABLES = ("telling", "reason", "lead")


@pytest.mark.parametrize(
    ("text", "spanish"),
    [
        ("a el río y de el puente", "Al río y del puente"),
        ("de la casa a la escuela", "De la casa a la escuela"),
        ("Leo y Ida", "Leo e Ida"),
        ("Leo y Ivan", "Leo e Ivan"),
        ("Leo y Ivy", "Leo y Ivy"),  # said as in "aire"
        ("cayó y hizo ruido", "Cayó e hizo ruido"),
        ("vio hielo y hierro", "Vio hielo y hierro"),
        ("salió y iba", "Salió e iba"),
    ],
)
def test_contractions(text: str, spanish: str) -> None:
    assert spanish_text([Token(word, "") for word in text.split()]) == spanish


# Spanish nouns whose ending does not tell their gender: from a dictionary, not from the table under test.
NO_RULE = {
    "m": "tambor tren collar reloj robot paraguas mapa botón violín pastel pan budín girasol melón tulipán poni farol",
    "f": "llave red col",
}
AGREED = {
    "red": ("rojo", "roja"),
    "blue": ("azul", "azul"),
    "green": ("verde", "verde"),
    "yellow": ("amarillo", "amarilla"),
    "white": ("blanco", "blanca"),
    "black": ("negro", "negra"),
    "brown": ("marrón", "marrón"),
    "orange": ("naranja", "naranja"),
    "purple": ("morado", "morada"),
    "pink": ("rosa", "rosa"),
    "grey": ("gris", "gris"),
    "golden": ("dorado", "dorada"),
    "silver": ("plateado", "plateada"),
    "spotted": ("manchado", "manchada"),
    "striped": ("rayado", "rayada"),
}


def test_every_thing_agrees_in_every_colour(subtests: pytest.Subtests) -> None:
    for kind in TAGS:
        with subtests.test(kind):
            check_agreement(kind)


def check_agreement(kind: str) -> None:
    """Check article, adjective and pronoun of a thing in each of its colours."""
    noun = THINGS[kind][0]
    feminine = noun.endswith("a") if noun.endswith(("a", "o")) else noun in NO_RULE["f"].split()
    if not noun.endswith(("a", "o")) or noun == "mapa":
        assert (noun in NO_RULE["m"].split()) != (noun in NO_RULE["f"].split()), noun
        feminine = noun in NO_RULE["f"].split()
    for colour in colours(TAGS[kind], kind):
        it = Thing(kind, kind, colour, "old", "", "", TAGS[kind])
        bare = "el" if not feminine or noun == "hacha" else "la"
        said = [token.text for token in What(it, "0.x").spanish("", False)]
        assert said[:2] == [bare, noun]
        if (colour, kind) not in {("pink", "rose"), ("brown", "loaf")} and colour in AGREED:
            assert said[2:] == [AGREED[colour][feminine]]
        sized = [token.text for token in What(it, "0.x", sized=True).spanish("", False)]
        assert sized[:3] == ["la" if feminine else "el", "vieja" if feminine else "viejo", noun]
        one = [token.text for token in What(it, "0.x", "a").spanish("", False)]
        if kind in MASS:
            assert one[0] == noun
        else:
            assert one[0] == ("una" if feminine and noun != "hacha" else "un")
        pronoun = [token.text for token in What(it, "0.x", "it").spanish("lo", False)]
        assert pronoun == ["la" if feminine else "lo"]


def test_the_tables_hold_every_word_of_toyland() -> None:
    assert set(THINGS) == set(TAGS)
    assert {colour for kind, tag in TAGS.items() for colour in colours(tag, kind)} == set(COLOURS)
    assert set(PLACES) == set(ENGLISH_PLACES)
    assert set(PROFESSIONS) == set(ENGLISH_PROFESSIONS)
    assert {spot for _, spots in ENGLISH_PLACES.values() for spot in spots} | set(HOME_SPOTS) == set(SPOTS)
    assert all(set(pool) <= set(POOLS[name]) for name, pool in ENGLISH_POOLS.items())


def test_every_kind_of_event_is_told() -> None:
    plain = {kind for kind in EVENTS if ":" not in kind}
    assert {kind for kind in EVENTS if lines(kind)} == plain
    assert sum(len(telling.spanish) > 1 for kind in plain for line in lines(kind) for telling in line) > 200


def _said(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    assert not isinstance(piece, Choice)
    return piece.form if piece.form in SPEECH else "{" + piece.role + "}"


def _all_told(template: Template) -> set[str]:
    options = [
        ["".join(map(_said, option)) for option in piece.options]
        if isinstance(piece, Choice)
        else [_said(piece)]
        for piece in template.pieces
    ]
    return {_plain("".join(taken)) for taken in product(*options)}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\{[^}]*\}|\w+(?:[-']\w+)*|[^\w\s]", text)).lower()


def test_the_english_is_toylands_own(subtests: pytest.Subtests) -> None:
    for kind in filter(lines, EVENTS):
        with subtests.test(kind):
            check_english(kind)


def check_english(kind: str) -> None:
    """Check that each English text of an event in the Spanish tables is one that Toyland itself writes."""
    event = EVENTS[kind]
    own = {
        "telling": (*event.says, *event.vps),
        "lead": event.leads,
        "reason": (event.reason,) if event.reason else (),
    }
    for table, templates in own.items():
        have = {text for template in templates for text in _all_told(template)}
        for telling in (one for line in lines(kind, table) for one in line):
            english = " ".join(
                piece if isinstance(piece, str) else "{" + piece.role + "}"  # type: ignore[union-attr]
                for piece in telling.english
            )
            assert _plain(english) in have


def test_spanish_says_nothing_that_the_english_does_not_show() -> None:
    for kind, table in product(EVENTS, TABLES):
        for telling in (one for line in lines(kind, table) for one in line):
            shown = {
                role for piece in telling.english if isinstance(piece, Slot) for role in piece.role.split("+")
            }
            shown |= {"a"} if telling.predicate else set()
            for spanish in telling.spanish:
                for piece in spanish:
                    if isinstance(piece, str):
                        roles = set(piece.partition("@")[2])
                    else:
                        roles = set(piece.role.split("+")) - {""}
                    assert roles <= shown, (kind, spanish)


def test_notation() -> None:
    assert parallel("[ran|went] home = [corrió|fue] a casa") == [
        ["ran home", "corrió a casa"],
        ["went home", "fue a casa"],
    ]
    with pytest.raises(ValueError, match="same choices"):
        parallel("[ran|went] home = fue a casa")
    with pytest.raises(ValueError, match="same choices"):
        parallel("went home")
    assert either("(fue/iba) a (casa/misa)") == ["fue a casa", "fue a misa", "iba a casa", "iba a misa"]
    assert entries("one = uno\n    = una\ntwo = dos\n") == ["one = uno = una", "two = dos"]
    assert pieces("<le x>dio {x:el} content@a.") == (
        Clitic("le", "x"),
        "dio",
        Slot("x", "el"),
        "content@a",
        ".",
    )
    assert pieces("{b:s|la mano} <x>vio <le>dio") == (
        Slot("b", "s", "la mano"),
        Clitic("", "x"),
        "vio",
        Clitic("le", ""),
        "dio",
    )
    (told,) = tellings("gave {x} to {b:o} = <le x>dio {x} {b:a}")
    assert told.predicate
    assert told.it == {"x", "b"}
    assert tellings("gave {x} to {b:o}. = dio {x} {b:a}.")[0].it == {"b"}
