"""Things: kind, what one does with it (now, then), by theme; and the words that describe them."""
from __future__ import annotations

COLOURS = ("red", "blue", "green", "yellow", "white", "black", "brown", "orange", "purple", "pink", "grey",
           "golden",
           "silver")
COATS = ("white", "black", "brown", "grey", "golden", "spotted", "striped")
SIZES = ("small", "little", "big", "tiny", "large", "old", "new", "pretty", "lovely", "fine")

THINGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "toy": (
        ("kite", "fly", "flew"), ("ball", "throw", "threw"), ("boat", "sail", "sailed"), ("drum", "beat",
                                                                                          "beat"),
        ("top", "spin", "spun"), ("doll", "dress", "dressed"), ("wagon", "pull", "pulled"), ("hoop", "roll",
                                                                                             "rolled"),
        ("puppet", "play with", "played with"), ("whistle", "blow", "blew"), ("flute", "play", "played"),
        ("fiddle", "play", "played"), ("sledge", "pull", "pulled"), ("bear", "hug", "hugged"),
        ("train", "push", "pushed"), ("trumpet", "blow", "blew"), ("bell", "ring", "rang"),
        ("marble", "roll", "rolled"), ("balloon", "hold", "held"), ("robot", "play with", "played with"),
    ),
    "keepsake": (
        ("ring", "wear", "wore"), ("key", "carry", "carried"), ("watch", "wind", "wound"), ("book", "read",
                                                                                            "read"),
        ("map", "study", "studied"), ("scarf", "wear", "wore"), ("hat", "wear", "wore"), ("cap", "wear",
                                                                                          "wore"),
        ("umbrella", "carry", "carried"), ("necklace", "wear", "wore"), ("bag", "carry", "carried"),
        ("purse", "carry", "carried"), ("ribbon", "wear", "wore"), ("feather", "carry", "carried"),
        ("shell", "hold", "held"), ("button", "polish", "polished"), ("pen", "write with", "wrote with"),
        ("mirror", "look into", "looked into"), ("blanket", "sit on", "sat on"), ("notebook", "write in",
                                                                                  "wrote in"),
    ),
    "tool": (
        ("hammer", "work with", "worked with"), ("spade", "dig with", "dug with"), ("rake", "work with",
                                                                                    "worked with"),
        ("bucket", "carry", "carried"), ("basket", "carry", "carried"), ("rope", "pull", "pulled"),
        ("lantern", "carry", "carried"), ("net", "fish with", "fished with"), ("brush", "paint with",
                                                                               "painted with"),
        ("broom", "sweep with", "swept with"), ("axe", "work with", "worked with"), ("ladder", "climb",
                                                                                     "climbed"),
        ("barrow", "push", "pushed"), ("saw", "work with", "worked with"), ("oar", "row with", "rowed with"),
        ("kettle", "fill", "filled"),
    ),
    "pet": (
        ("kitten", "stroke", "stroked"), ("puppy", "walk", "walked"), ("lamb", "feed", "fed"), ("pony",
                                                                                                "ride",
                                                                                                "rode"),
        ("goat", "feed", "fed"), ("duck", "feed", "fed"), ("rabbit", "stroke", "stroked"), ("hen", "feed",
                                                                                            "fed"),
        ("donkey", "ride", "rode"), ("parrot", "talk to", "talked to"), ("piglet", "feed", "fed"),
        ("dog", "walk", "walked"), ("cat", "stroke", "stroked"), ("goose", "feed", "fed"),
    ),
    "food": (
        ("cake", "bake", "baked"), ("pie", "bake", "baked"), ("loaf", "bake", "baked"), ("soup", "cook",
                                                                                         "cooked"),
        ("stew", "cook", "cooked"), ("pudding", "make", "made"), ("tart", "bake", "baked"), ("jam", "cook",
                                                                                             "cooked"),
        ("porridge", "cook", "cooked"), ("salad", "make", "made"),
    ),
    "snack": (
        ("apple", "eat", "ate"), ("bun", "eat", "ate"), ("pear", "eat", "ate"),
        ("biscuit", "eat", "ate"), ("sandwich", "eat", "ate"), ("egg", "eat", "ate"), ("plum", "eat", "ate"),
    ),
    "plant": (
        ("rose", "grow", "grew"), ("tulip", "grow", "grew"), ("pumpkin", "grow", "grew"), ("sunflower",
                                                                                           "grow", "grew"),
        ("lily", "grow", "grew"), ("bean", "grow", "grew"), ("melon", "grow", "grew"), ("cabbage", "grow",
                                                                                        "grew"),
    ),
}
TAGS = {kind: tag for tag, kinds in THINGS.items() for kind, _, _ in kinds}
FLAVOURS = {
    "cake": ("honey", "nut", "lemon", "carrot", "birthday"), "pie": ("apple", "cherry", "pumpkin", "berry"),
    "loaf": ("brown", "round", "white", "crusty"), "soup": ("onion", "pea", "bean", "fish", "tomato"),
    "stew": ("beef", "turnip", "lentil", "mushroom"), "pudding": ("plum", "rice", "milk", "almond"),
    "tart": ("pear", "jam", "plum", "egg"), "jam": ("plum", "berry", "apricot", "cherry"),
    "porridge": ("oat", "barley", "honey"), "salad": ("bean", "fruit", "potato", "egg"),
    "apple": ("red", "green", "ripe"), "bun": ("warm", "sweet", "fresh"), "pear": ("ripe", "yellow", "juicy"),
    "biscuit": ("ginger", "round", "sweet"),
    "sandwich": ("cheese", "ham", "egg"), "egg": ("boiled", "brown", "warm"), "plum": ("purple", "sweet",
                                                                                       "ripe"),
}
PLANT_COLOURS = {
    "rose": ("red", "white", "yellow", "pink"), "tulip": ("red", "yellow", "purple", "orange"),
    "pumpkin": ("orange", "yellow", "green"), "sunflower": ("yellow", "golden", "orange"),
    "lily": ("white", "orange", "pink"), "bean": ("green", "white", "purple"), "melon": ("green", "yellow",
                                                                                         "orange"),
    "cabbage": ("green", "white", "purple"),
}
MASS = {"soup", "stew", "jam", "porridge"}  # no "a" before these
