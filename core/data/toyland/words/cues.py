"""What is said of a thing in one sense of an ambiguous word and never in the other: "a bank where frogs jumped ...".

One cue a line. The lines of both senses of a word are alike in their making, and each shares words with other lines of
its sense: a reader can learn from some of them what the others are about.
"""

from __future__ import annotations

# Another word for a thing in one sense: who is asked for a hidden word must then know the sense, not the word alone.
OTHER: dict[str, dict[str, str]] = {
    "bank": {"river": "shore", "money": "treasury"},
    "bat": {"animal": "pipistrelle", "stick": "club"},
    "bark": {"tree": "rind", "dog": "yelp"},
    "trunk": {"tree": "bole", "box": "chest"},
    "crane": {"bird": "stork", "machine": "hoist"},
    "spring": {"season": "seedtime", "water": "fountain"},
    "match": {"fire": "taper", "game": "contest"},
    "nail": {"finger": "claw", "iron": "spike"},
    "letter": {"mail": "message", "alphabet": "character"},
    "palm": {"tree": "tree", "hand": "hand"},
    "bow": {"weapon": "sling", "ribbon": "knot"},
}

CUES: dict[str, dict[str, str]] = {
    "bank": {
        "river": """
where a swan slept among the reeds
where frogs jumped into the [water|river]
with a boat tied to a willow
where [an otter|a heron] looked for fish
that was wet and muddy after the flood
with willows and reeds along the water
where fishers caught fish in the river
with a raft in the mud of the river
where swans and otters came out of the water
""",
        "money": """
where a clerk slept among the coins
where thieves broke into the [vault|safe]
with a sack of gold in the vault
where [a clerk|a lady] counted silver coins
that was shut and locked after the theft
with clerks and safes full of money
where thieves stole gold from the vault
with a chest of silver in the safe
where ladies and clerks counted the money
""",
    },
    "bat": {
        "animal": """
that slept upside down in a cave
that flew out of a dark cave at night
with thin wings that fluttered in the dark
that caught moths and flies at night
with folded wings, asleep under a roof
that hung upside down until it was dark
that fluttered on its wings after a moth
with big ears that flew around the roof
that ate moths and slept in the cave by day
""",
        "stick": """
that hit the ball out of the field
that broke at the last ball of the game
with a worn handle that won a game
that hit ball after ball for the team
with a wooden handle, cut for a player
that struck the ball until the game was won
that swung on its handle at a ball
with a long handle that helped the team
that hit balls and won the game for the team
""",
    },
    "bark": {
        "tree": """
as rough as a file on an old oak
with beetles under it, on a birch
that peeled off the birch in thin strips
with moss on it, on a tree in the forest
that was thick and cracked on an oak
of an old tree, full of beetles
that came off the tree with the moss
as white as paper on a young birch
of a beech, brown and rough in the forest
""",
        "dog": """
as loud as a horn from an old hound
with a growl after it, from a puppy
that woke the street in the night
with teeth behind it, from a dog on a chain
that was hoarse and angry from a hound
of an old dog, full of growls
that woke the thieves in the night
as loud as a shout from a young puppy
of a puppy, angry and hoarse in the street
""",
    },
    "trunk": {
        "tree": """
with moss and ants on one side
so thick that [an owl|a squirrel] lived in it
of an oak with many branches
that woodcutters felled in the forest
hollow enough for an owl in the forest
with long roots and branches, covered in moss
of a beech that lost its leaves and branches
where squirrels ran up to the branches
of a tall tree, with ants and leaves around it
""",
        "box": """
with straps and a padlock on the lid
so heavy that [a dress|a sword] was lost in it
of a sailor with many dresses
that travellers packed on the ship
locked with a padlock on the ship
with brass corners and a lid, shut with straps
of a traveller who lost its key and padlock
where dresses lay under the lid
of an old sailor, with a sword and dresses inside
""",
    },
    "crane": {
        "bird": """
that stood on one leg in the marsh
with white wings and red feathers
that caught a fish and a frog
that flew south over the reeds
with a nest among the reeds
that spread its wings over the marsh
with a long neck and a fish in its beak
that danced in the reeds and flew away
that shook its feathers in the nest
""",
        "machine": """
that stood on iron wheels at the docks
with rusty hooks and an iron chain
that lifted a cart and a crate
that swung a crate over the docks
with a driver among the crates
that lowered its hook over the ship
with a long chain and a crate on its hook
that creaked at the docks and lifted crates
that pulled its chain from the ship
""",
    },
    "spring": {
        "season": """
with violets after the snow was gone
that came early, as warm as May
when lambs and storks came in April
with snow as late as the end of March
when the storks flew north in March
that was warm after a long winter
that brought violets and young lambs
when the winter and the snow were gone
with warm days in April and in May
""",
        "water": """
with cold water under the rocks
that ran out of the rock, as cold as ice
where deer and foxes drank the water
with water as clean as glass
where the thirsty shepherds drank from the rock
that was cold under the moss of a rock
that bubbled out of the ground for thirsty deer
where a fox and a deer were thirsty
with clean water in the rocks and the moss
""",
    },
    "match": {
        "fire": """
that burned with a small flame
that set a haystack on fire
that lit a candle in the dark
with a flame that burned a curtain
that went out in the dark before it lit the lamp
with smoke and a small flame at its end
that lit a fire in the stove
with a flame that was enough for a candle
that burned a haystack in the dark
""",
        "game": """
that ended with a late goal
that set the team on edge
that the younger side won on Sunday
with a goal that won the game
that went on for hours before one side won
with players and a goal at its end
that tired the players of a team
with a goal that was enough for the team
that the players of one side lost on Sunday
""",
    },
    "nail": {
        "finger": """
with dirt under it, on a finger
that grew long on the thumb of a witch
that somebody cut with scissors
as long as a spoon, on the finger of a witch
that broke on a thumb while digging
with red paint on it, on a hand
that was dirty on each finger of a hand
as pink as the thumb and the finger around it
that was too long and was cut with scissors
""",
        "iron": """
with rust on it, in a board
that bent under the hammer of a cobbler
that somebody pulled out with pliers
as crooked as a worm, in the boot of a cobbler
that broke in a board while hammering
with a picture on it, in a wall
that was rusty in each board of a wall
as hard as the hammer and the pliers around it
that was too crooked and was pulled with pliers
""",
    },
    "letter": {
        "mail": """
in a blue envelope with a stamp
that came by post from over the sea
with three stamps on the envelope
that the post lost on a ship
in an envelope, sent by an aunt
that was sent by ship over the sea
with a torn envelope from the post
that reached its house with an old stamp
in the bag of the post, sent by ship
""",
        "alphabet": """
in a long word of the alphabet
that came after Q in the alphabet
with three others in the word
that nobody learned to spell in school
in a word, spelled by a child
that was spelled at the end of a word
with a round shape in the alphabet
that began a word with an old sound
in the middle of a word, spelled in school
""",
    },
    "palm": {
        "tree": """
with coconuts on a warm island
that bent over the sand of the island
where monkeys climbed for coconuts
with green leaves over the sand
that gave dates and coconuts
where sailors slept in the shade of its leaves
that grew on the sand by the sea
with monkeys in its leaves
as tall as a mast, on an island in the sea
""",
        "hand": """
with lines that a woman read at the fair
that held a coin in the fingers of the hand
where a splinter stung for days
with long lines under the fingers
that hurt from a splinter
where a woman read the lines of the hand
that closed with the fingers of the hand
with a coin in its fingers
as wet as a sponge, on a hand full of lines
""",
    },
    "bow": {
        "weapon": """
that sent an arrow into an apple
with a tight string and an arrow
that an archer bent for the target
with three arrows for a hunter
that snapped when the arrow flew
with a string that the archer pulled
that shot arrows at a target
in the hands of a hunter with arrows
that never missed the target of an archer
""",
        "ribbon": """
that tied a ribbon around a present
with a silk ribbon and a knot
that a girl tied for the hat
with three loops for a girl
that came loose when the present was unwrapped
with a ribbon that the aunt tied
that wrapped ribbons around a hat
in the hair of a girl with ribbons
that never held the silk knot of an aunt
""",
    },
}
