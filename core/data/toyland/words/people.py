"""Names and professions."""

from __future__ import annotations

SHE_NAMES = tuple(
    """Nora Anna Lily Mia Ruth Clara Elsa Ida Maya Rosa Greta Hanna Jane Kate Lena Molly Nell
Olive Pia
Sara Tess Una Vera Wilma Zoe Alma Bella Dora Edith Flora Gwen Hazel Ivy Joan Lucy Mary Amina Leila Priya
Sofia""".split()
)
HE_NAMES = tuple(
    """Tom Ben Max Sam Leo Finn Hugo Jack Karl Luke Milo Ned Otto Paul Ravi Sven Theo Victor
Will Adam
Bruno Cyril Dan Emil Felix Georg Henry Ivan Jonas Kurt Lars Noah Oscar Peter Rolf Simon Tim Omar Yusuf
Pedro""".split()
)

PROFESSIONS = tuple(
    """baker farmer miller doctor teacher nurse carpenter tailor sailor gardener blacksmith
librarian
painter shepherd cook weaver clockmaker beekeeper potter shoemaker mayor judge musician fisher builder driver
shopkeeper innkeeper""".split()
)

# What a child's companion is to the child, by pronoun.
KIN = {
    "she": ("friend", "sister", "cousin", "neighbour", "best friend", "classmate"),
    "he": ("friend", "brother", "cousin", "neighbour", "best friend", "classmate"),
}
ELDERS = {"she": ("grandmother", "aunt", "great-aunt"), "he": ("grandfather", "uncle", "great-uncle")}
TITLES = {
    "grandmother": "Grandma",
    "grandfather": "Grandpa",
    "aunt": "Aunt",
    "uncle": "Uncle",
    "great-aunt": "Aunt",
    "great-uncle": "Uncle",
}
GROWN_KIN = {
    "she": ("friend", "sister", "cousin", "neighbour", "old friend"),
    "he": ("friend", "brother", "cousin", "neighbour", "old friend"),
}
