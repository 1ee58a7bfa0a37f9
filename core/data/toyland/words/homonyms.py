"""Words with two meanings that only a dial brings into a story, and the scenes that tell either meaning.

Each scene holds its word once. Scenes are memories, pictures, dreams and tales, so that they fit any place and hour.
Both meanings of a word begin alike: what tells them apart is what the scene is about, not how it is told.
"""

from __future__ import annotations

from core.data.toyland.words.cues import CUES

# What may stand before "a bank where frogs jumped into the water": the same for every word and sense.
_BEGIN = (
    "[Somebody told {a:o} about|{a} remembered|{a} dreamed of|{a} had once read about|In a picture book {a} had seen|"
    "In an old song that {a} knew, there was]"
)

# Whole scenes of each sense.
_SCENES: dict[str, dict[str, str]] = {
    "bank": {
        "river": """
Somebody told {a:o} about [a swan|an otter|a heron] that slept on the bank of a river.
{a} remembered a summer day on the grassy bank, with both feet in the water.
In a picture book {a} had seen a boat tied up at the bank.
"Frogs jump from the bank when it is wet," said {a}, who liked [ponds|streams|fish].
""",
        "money": """
Somebody told {a:o} about [a clerk|an old man|a lady] who counted coins all day in the bank.
{a} remembered the day when the bank was shut and nobody had any money.
In a picture book {a} had seen a thief who ran from the bank with a sack of gold.
"Coins are safe in the bank when it is locked," said {a}, who liked [numbers|silver|money].
""",
    },
    "bat": {
        "animal": """
Somebody told {a:o} about a bat that slept upside down under a roof.
{a} remembered the night when a bat had flown in at the window.
In a picture book {a} had seen a bat with [thin|dark|folded] wings.
""",
        "stick": """
Somebody told {a:o} about a boy who hit a ball over three roofs with a wooden bat.
{a} remembered the game when the bat had broken in two at the last ball.
In a picture book {a} had seen a bat with a [long|round|worn] handle.
""",
    },
    "bark": {
        "tree": """
{a} remembered an old oak whose bark was as rough as a file.
Somebody told {a:o} about beetles that live under the bark of a birch.
"A tree wears bark as {a:I} wear a coat," thought {a}.
""",
        "dog": """
{a} remembered an old hound whose bark woke the whole street.
Somebody told {a:o} about thieves who ran away from the bark of a puppy.
"A dog has a bark as {a:I} have a voice," thought {a}.
""",
    },
    "trunk": {
        "tree": """
{a} remembered an oak with a trunk so thick that three people could not reach around it.
Somebody told {a:o} about [a squirrel|an owl] that lived in the hollow trunk of a beech.
In a picture book {a} had seen a trunk with [moss|ants|a carved heart] on one side.
""",
        "box": """
{a} remembered a traveller with a trunk so heavy that three people could not lift it.
Somebody told {a:o} about [a dress|a sword] that lay for years in the locked trunk of a sailor.
In a picture book {a} had seen a trunk with [brass corners|two straps|a padlock] on the lid.
""",
    },
    "crane": {
        "bird": """
Somebody told {a:o} about a crane that stood on one leg and caught a fish.
{a} remembered the morning when a crane had spread its wings over the reeds.
In a picture book {a} had seen a crane with a [white|long] neck and red feathers.
""",
        "machine": """
Somebody told {a:o} about a crane that stood at the docks and lifted a whole cart.
{a} remembered the morning when a crane had lowered its iron hook over a ship.
In a picture book {a} had seen a crane with a [rusty|long] chain and a driver.
""",
    },
    "spring": {
        "season": """
"After the snow comes the spring," thought {a}, and hummed.
Somebody told {a:o} how the [lambs|storks|violets] come back in spring.
{a} remembered a spring when it was warm as early as March.
""",
        "water": """
"Under the rock there is a spring," thought {a}, and was thirsty.
Somebody told {a:o} how the [deer|foxes|shepherds] drink from a spring.
{a} remembered a spring where the water was cold as ice.
""",
    },
    "match": {
        "fire": """
{a} remembered how a match had gone out in the wind, so that all was dark.
Somebody told {a:o} about a match that set [a haystack|a curtain] on fire.
"One match is enough for a candle," thought {a}.
""",
        "game": """
{a} remembered how a match had gone on for hours, so that all were tired.
Somebody told {a:o} about a match that the [smaller|younger] side won.
"One match is enough for a Sunday," thought {a}, who had once kept the goal.
""",
    },
    "nail": {
        "finger": """
{a} remembered how dirt had stuck under every nail after digging.
Somebody told {a:o} about a witch with a nail as long as a spoon on each finger.
"A nail grows, and then one cuts it," thought {a}, looking at both hands.
""",
        "iron": """
{a} remembered how a picture had hung on a crooked nail for years.
Somebody told {a:o} about a cobbler with a nail between the teeth for each boot.
"A nail bends, and then one needs pliers," thought {a}, looking at a board.
""",
    },
    "letter": {
        "mail": """
{a} remembered how a letter had come from over the sea, with three stamps on it.
Somebody told {a:o} about a letter that reached its house after ten years.
"A letter needs an envelope," thought {a}.
""",
        "alphabet": """
{a} remembered how the letter Q had looked like a cat from behind.
Somebody told {a:o} about a letter that no word begins with.
"A letter needs others to make a word," thought {a}.
""",
    },
    "palm": {
        "tree": """
Somebody told {a:o} about a palm on an island, full of coconuts.
{a} remembered a picture of a palm that bent in a warm wind.
"Under a palm one never needs a coat," thought {a}.
""",
        "hand": """
Somebody told {a:o} about a woman who read every palm at the fair.
{a} remembered a splinter in the palm that stung for days.
"On a palm one can draw a small map," thought {a}, and closed the hand.
""",
    },
    "bow": {
        "weapon": """
Somebody told {a:o} about [a hunter|an archer] who hit an apple with an arrow from a bow.
{a} remembered the day when the bow had snapped and the arrow flew over the wall.
"A bow needs a string," thought {a}, who liked [arrows|archers|hunters].
""",
        "ribbon": """
Somebody told {a:o} about [a girl|an aunt] who wore a velvet ribbon in a bow.
{a} remembered the day when the bow had come loose and the present was unwrapped.
"A bow needs a ribbon," thought {a}, who liked [silk|velvet|presents].
""",
    },
}

HOMONYMS: dict[str, dict[str, str]] = {
    word: {
        sense: scenes
        + "".join(f"{_BEGIN} a {word} {cue}.\n" for cue in CUES[word][sense].strip().splitlines())
        for sense, scenes in senses.items()
    }
    for word, senses in _SCENES.items()
}
