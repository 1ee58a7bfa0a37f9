"""Toyland's Spanish, sentence by sentence: what it says for a given English one."""

from __future__ import annotations

from copy import deepcopy
from random import Random

import pytest

from core.data.toyland.event import Happening
from core.data.toyland.spanish.align import spanish_text, text_of
from core.data.toyland.spanish.clause import Clause
from core.data.toyland.spanish.items import lines
from core.data.toyland.spanish.lexicon import POOLS
from core.data.toyland.spanish.notation import Slot
from core.data.toyland.spanish.reference import Memory, Setting
from core.data.toyland.state import Entity, Person, Place, Spot, State, Thing, Word
from core.data.toyland.words import PLACES, TAGS, THINGS


class Always(Random):
    """A source of one number."""

    def __init__(self, number: float):
        super().__init__()
        self.number = number

    def random(self) -> float:
        return self.number


def thing(text: str) -> Thing:
    """The thing that "old golden axe" or "red kite" names."""
    *size, colour, kind = text.split()
    tag = TAGS[kind]
    use, used = next((use, used) for name, use, used in THINGS[tag] if name == kind)
    return Thing(kind, kind, colour, " ".join(size), use, used, tag)


def clause(kind: str, english: str, chance: float, memory: Memory | None = None, **roles: str) -> set[str]:
    """What Spanish says for `english`, a telling of `kind` or a reason; roles are names, "red kite" and the like."""
    people = {
        "Nora": Person("Nora", "Nora", "she"),
        "Tom": Person("Tom", "Tom", "he", "baker"),
        "Max": Person("Max", "Max", "he", "", "brother", "Nora"),
        "Clara": Person("Clara", "Clara", "she"),
    }
    entities: dict[str, Entity] = dict(people)
    ids = {"a": "Nora", "b": "Tom", "c": "Clara"}
    for role, text in roles.items():
        entity: Entity
        if text in people:
            entity = people[text]
        elif role in {"x", "y"}:
            entity = thing(text)
        elif role in {"p", "h"}:
            entity = Place(text, text, PLACES[text][0], ())
        elif role == "s":
            entity = Spot(text, text, "mill")
        else:
            entity = Word(f"{next(pool for pool in POOLS if text in POOLS[pool])}:{text}", text)
        entities[entity.id] = entity
        ids[role] = entity.id
    state = State({("world", "weather"): "foggy", ("world", "time"): "morning", ("goat", "owner"): "Nora"})
    entities |= {
        "weather:foggy": Word("weather:foggy", "foggy"),
        "dayparts:morning": Word("dayparts:morning", "morning"),
    }
    tried = []
    for table in ("telling", "reason", "lead"):
        for telling in (one for options in lines(kind, table) for one in options):
            named = {
                role for piece in telling.english if isinstance(piece, Slot) for role in piece.role.split("+")
            }
            if not named <= {*ids, "w", "t"}:
                continue
            before = deepcopy(memory) if memory else Memory()
            at = Setting(state, entities, before, Always(chance))
            made = Clause(
                telling, Happening(kind, ids), at, "0", subject=not english[0].islower() or table != "telling"
            )
            tried.append(text_of([token.text for token in made.english]))
            if tried[-1].lower() == english.lower():
                return {spanish_text(words) for words in made.spanish}
    raise AssertionError(f"{kind} does not say {english!r}, but {tried}")


# The number that every draw gives, by what it makes of names and things.
CHANCES = {"name": 0.5, "job": 0.1, "kin": 0.4, "new": 0.9, "sized": 0.95, "short": 0.78}
# kind | chance | roles | English, and below it every Spanish telling. Read by hand, word by word.
CHECKED = """
go | name | p=mill | Nora walked to the mill
    = Nora caminó hasta el molino
go | name | p=river | Nora went over to the river
    = Nora fue al río
    = Nora se acercó al río
go | name | p=river | The way led Nora to the river.
    = El camino llevó a Nora al río.
give | name | x=red kite | Tom gave the red kite to Nora.
    = Tom le dio la cometa roja a Nora.
give | sized | x=old golden axe | Tom gave an old golden axe to Nora.
    = Tom le dio una vieja hacha dorada a Nora.
give | sized | x=new white drum | Tom gave a new white drum to Nora.
    = Tom le dio un tambor blanco nuevo a Nora.
break | name | x=red axe | In one careless moment, Nora broke the red axe.
    = En un momento de descuido, Nora rompió el hacha roja.
break | new | x=blue hammer | Nora dropped a blue hammer, and a piece came off.
    = A Nora se le cayó un martillo azul, y un trozo se soltó.
break | name | x=red axe | There was a loud crack, and the red axe was broken.
    = Se oyó un fuerte crujido, y el hacha roja estaba rota.
find | name | x=grey kitten, s=under the bed | Nora found the grey kitten under the bed.
    = Nora encontró al gatito gris debajo de la cama.
find | name | x=black umbrella, s=under the bed | There the black umbrella was, under the bed!
    = ¡Allí estaba el paraguas negro, debajo de la cama!
thank | job | - | Nora hugged the baker Tom
    = Nora abrazó al panadero Tom
meet | kin | b=Max | Nora greeted her brother Max
    = Nora saludó a su hermano Max
taste_good | name | x=onion soup | Tom liked the onion soup
    = A Tom le gustó la sopa de cebolla
plan_cook | name | x=plum jam | Nora wanted to cook some plum jam for Tom.
    = Nora quería cocinar mermelada de ciruelas para Tom.
sorry | name | - | Nora felt ashamed
    = Nora se sentía avergonzada
sorry | name | a=Tom | Tom felt ashamed
    = Tom se sentía avergonzado
make_up | name | b=Clara | Nora and Clara hugged and were friends again.
    = Nora y Clara se abrazaron y fueron amigas otra vez.
make_up | name | - | Nora and Tom hugged and were friends again.
    = Nora y Tom se abrazaron y fueron amigos otra vez.
creature | name | k=frog, d=sat quite still and watched | On the way, Nora saw a frog that sat quite still and watched.
    = En el camino, Nora vio una rana que se quedó muy quieta y observó.
has_none | name | k=sugar | "I used up the last sugar yesterday," Tom answered.
    = "Ayer gasté el azúcar que quedaba", contestó Tom.
    = "Ayer gasté el azúcar que quedaba", respondió Tom.
get_ingredient | name | k=flour | "Take all the flour you need," Clara said to Nora.
    = "Toma toda la harina que necesites", le dijo Clara a Nora.
feed | name | k=pancakes | "Have some pancakes," said Nora to Clara.
    = "Toma unas tortitas", le dijo Nora a Clara.
eat | name | k=hot tea | Nora shared some hot tea with a hungry dog.
    = Nora compartió té caliente con un perro hambriento.
bet | name | k=skipping | "Nobody beats me at skipping," Tom boasted, but Nora only laughed.
    = "Nadie me gana a saltar a la comba", presumió Tom, pero Nora solo rio.
wish_use | job | x=brown goat | More than anything, Nora wanted to feed her brown goat.
    = Más que nada, Nora quería dar de comer a su cabra marrón.
    = Nora quería dar de comer a su cabra marrón más que nada.
open | name | h=lake | On a foggy morning, Nora stood at the window and looked out.
    = Una mañana de niebla, Nora estaba en la ventana y miraba hacia fuera.
open | name | h=lake | The house by the lake was small, but Nora liked the view.
    = La casa junto al lago era pequeña, pero a Nora le gustaba la vista.
snatch | name | x=red kite | "Give the red kite to me!" cried Nora, and took it from Tom.
    = "¡Dame la cometa roja!", gritó Nora, y se la quitó a Tom.
lend | name | x=blue hat | "I want to have the blue hat back," said Tom, and handed it over.
    = "Quiero que me devuelvas el sombrero azul", dijo Tom, y lo entregó.
lend | name | x=red net | The red net was lent to Nora for a day.
    = A Nora le prestaron la red roja durante un día.
    = Le prestaron la red roja a Nora durante un día.
think_of | name | - | "Poor Tom is all alone!" said Nora.
    = "¡El pobre Tom está completamente solo!", dijo Nora.
grow | name | x=pink rose, p=garden | The pink rose grew taller than the fence.
    = La rosa rosada creció más alta que la valla.
search | short | x=red key, s=under the bed | "Perhaps the key is under the bed," thought Nora, but there was only dust.
    = "Quizá la llave esté debajo de la cama", pensó Nora, pero solo había polvo.
    = "Tal vez la llave esté debajo de la cama", pensó Nora, pero solo había polvo.
stranger | name | p=inn | A stranger had come to the inn: Clara.
    = Una desconocida había llegado a la posada: Clara.
"""


@pytest.mark.parametrize(
    "row", CHECKED.strip().replace("\n    = ", "\t").split("\n"), ids=lambda row: row[:40]
)
def test_what_it_says(row: str) -> None:
    given, *spanish = row.split("\t")
    kind, chance, roles, english = given.split(" | ")
    named = dict(part.split("=") for part in roles.split(", ")) if roles != "-" else {}
    assert clause(kind, english, CHANCES[chance], **named) == set(spanish)


NORA, TOM = Person("Nora", "Nora", "she"), Person("Tom", "Tom", "he", "baker")


@pytest.mark.parametrize(
    ("kind", "subject", "english", "spanish"),
    [
        ("put", "Nora", "She put it under the bed", {"La puso debajo de la cama"}),
        ("put", "Tom", "She put it under the bed", {"Ella la puso debajo de la cama"}),
        ("put", "Nora", "put it under the bed", {"La puso debajo de la cama"}),
        ("give", "Tom", "He gave it to her.", {"Se la dio."}),
        ("give", "Nora", "He gave it to her.", {"Él se la dio."}),
        ("meet", "Nora", "She greeted him", {"Lo saludó"}),
        ("meet", "Tom", "She met him", {"Ella se encontró con él"}),
        ("glad", "", "Her eyes shone.", {"Le brillaron los ojos.", "Sus ojos brillaron."}),
        ("brave", "Nora", '"I can do this," she thought.', {'"Puedo hacerlo", pensó.'}),
        (
            "not_seen",
            "Nora",
            '"I wish I knew," he answered.',
            {'"Ojalá lo supiera", respondió él.', '"Ojalá lo supiera", contestó él.'},
        ),
        ("take", "Nora", "She took it along", {"Se la llevó"}),
    ],
)
def test_pronouns_after_a_first_sentence(kind: str, subject: str, english: str, spanish: set[str]) -> None:
    memory = Memory([NORA, TOM], ["kite"], subject)
    assert clause(kind, english, 0.5, memory, x="red kite", s="under the bed", p="mill") == spanish
