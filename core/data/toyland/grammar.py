"""The English that tellings need: articles, pronoun forms, possessives, capitals."""

from __future__ import annotations

PRONOUNS = {  # case -> form
    "she": {"subject": "she", "object": "her", "possessive": "her", "reflexive": "herself"},
    "he": {"subject": "he", "object": "him", "possessive": "his", "reflexive": "himself"},
    "it": {"subject": "it", "object": "it", "possessive": "its", "reflexive": "itself"},
    "they": {"subject": "they", "object": "them", "possessive": "their", "reflexive": "themselves"},
}
SPEECH = {
    "I",
    "me",
    "my",
    "mine",
    "you",
    "your",
    "yours",
    "we",
    "us",
    "our",
}  # pronouns of speaker and hearer


def article(phrase: str) -> str:
    """`phrase` with "a" or "an" before it, by sound as far as Toyland's words need ("an hour", "a
    useful")."""
    sounded = phrase.startswith(("a", "e", "i", "o", "u", "hour", "honest")) and not phrase.startswith(
        ("one", "use", "uni")
    )
    return ("an " if sounded else "a ") + phrase


def possessive(name: str) -> str:
    """The owner's form of a noun phrase: "Nora's", "James'"."""
    return name + ("'" if name.endswith("s") else "'s")


def capital(text: str) -> str:
    """`text` with its first letter large."""
    return text[:1].upper() + text[1:]


def adjectives(*words: str) -> str:
    """A noun phrase's words joined, empty ones left out: size, colour, noun, in English order."""
    return " ".join(word for word in words if word)
