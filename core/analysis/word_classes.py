"""Word classes of tokens: by Toyland's own word lists, and by short lists of English here.

A list knows a word, not what it does in a sentence: "play" counts as a verb also where it is a thing. Words that no
list knows are "other words"; a word cut into several tokens gives each of them its class.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from core.data.toyland import words as toyland
from core.messages import mark

NAMES, THINGS, DOING = mark("names"), mark("things and people"), mark("verbs")
DESCRIBING, SMALL, SIGNS = mark("describing words"), mark("small words"), mark("punctuation")
OTHER = mark("other words")
# OTHER is no class that a head could specialize in
CLASSES = (NAMES, THINGS, DOING, DESCRIBING, SMALL, SIGNS)
NO_WORD = ""  # special tokens

_SMALL = """
a an the this that these those each every all any some no not and or but nor so if then than as
because when while where after before until since though for of to in on at by with from into onto
over under behind beside between among near through across about up down out off away back again too
also only just very still soon once never always i me my you your he him his she her hers it its we
us our they them their who whom whose which what there here be am is are was were been being do does
did have has had will would can could shall should may might must upon one two three
"""
_DOING = """
said say says asked ask told tell saw see sees looked look found find lost lose gave give took take
went go goes came come ran run walked walk played play met meet loved love liked like wanted want
made make put got get brought bring bought buy sold sell broke break mended mend hid hide kept keep
knew know thought think felt feel heard hear slept sleep woke wake ate eat drank drink sat sit stood
stand left leave helped help showed show opened open closed close carried carry cried cry laughed
laugh smiled smile shouted shout whispered whisper promised promise forgave forgive taught teach
learned learn read wrote write grew grow planted plant cooked cook threw throw caught catch held
hold pulled pull pushed push rode ride flew fly swam swim sang sing danced dance won win fell fall
climbed climb searched search waited wait lived live called call thanked thank answered answer
crossed cross rained rain
"""
_THINGS = """
man woman boy girl child people friend mother father day night morning evening house home door
window room road street tree flower water fire sun moon wind rain snow dog cat bird horse cow sheep
fish lion fox crow wolf bear food bread apple hand eye head heart name word story book song game
money king queen story time year world wood village town
"""
_DESCRIBING = """
good bad happy sad angry tired hungry young tall short long high low hot warm cold dark bright soft
hard heavy light clean dirty wet dry full empty loud quiet brave kind gentle clever funny strange
poor rich ready sure dear first last next other same
"""


@cache
def class_by_word() -> dict[str, str]:
    """Build the table lowercase word -> class. For a word in several lists the first below wins."""
    things = [word for kinds in toyland.THINGS.values() for word, _, _ in kinds]
    kin = [
        word
        for table in (toyland.KIN, toyland.ELDERS, toyland.GROWN_KIN)
        for line in table.values()
        for word in line
    ]
    creatures = [*toyland.POOLS["creature"], *toyland.POOLS["ingredient"]]
    colours = (*toyland.COLOURS, *toyland.COATS, *toyland.SIZES, *toyland.POOLS["weather"])
    lists = {
        SMALL: _SMALL.split(),
        NAMES: (*toyland.SHE_NAMES, *toyland.HE_NAMES),
        THINGS: (
            *things,
            *toyland.PLACES,
            *toyland.HOMES,
            *toyland.PROFESSIONS,
            *kin,
            *creatures,
            *_THINGS.split(),
        ),
        DESCRIBING: (*colours, *_DESCRIBING.split()),
        DOING: _DOING.split(),
    }
    found: dict[str, str] = {}
    for name, listed in lists.items():
        for word in listed:
            for part in word.lower().split():
                found.setdefault(part, name)
    return found


def word_classes(tokens: Sequence[str], special: Sequence[bool]) -> tuple[str, ...]:
    """Classify each token by its display text (a leading space begins a word); `NO_WORD` for special ones.

    A word with a capital inside a sentence that no list knows counts as a name; a plural counts as its singular.
    """
    found = [NO_WORD] * len(tokens)
    begins = True  # the start of a sentence: a capital letter is no evidence
    for places in _words(tokens, special):
        word = "".join(tokens[at] for at in places).strip()
        name = _class_of(word, begins)
        for at in places:
            found[at] = name
        begins = word[-1:] in {".", "!", "?", '"', "“"} or (begins and name == SIGNS)
    return tuple(found)


def _words(tokens: Sequence[str], special: Sequence[bool]) -> list[list[int]]:
    """Group the tokens of each word: letters that follow letters without a space."""
    words: list[list[int]] = []
    for at, token in enumerate(tokens):
        if special[at] or not token.strip():
            continue
        goes_on = (
            bool(words) and words[-1][-1] == at - 1 and token[0].isalnum() and tokens[at - 1][-1:].isalnum()
        )
        if goes_on:
            words[-1].append(at)
        else:
            words.append([at])
    return words


def _class_of(word: str, begins: bool) -> str:
    if not any(letter.isalnum() for letter in word):
        return SIGNS
    known = class_by_word()
    small = word.lower().strip(".,;:!?\"'“”’()")
    for form in (small, small.removesuffix("s"), small.removesuffix("es")):
        if form in known:
            return known[form]
    return NAMES if word[:1].isupper() and not begins else OTHER
