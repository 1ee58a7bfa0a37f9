"""What the names of the heads mean, for somebody who hears of heads for the first time."""

from __future__ import annotations

from core.analysis.heads.jobs import EVEN, MIXED, SHORT, reads
from core.analysis.heads.patterns import NAMES, RECENT
from core.analysis.word_classes import CLASSES

# Induction on random tokens said twice, where only the repetition can be known.
RANDOM = "induction on random tokens"

UNWRITTEN = "nothing is written yet"  # of a decoder that reads a source

# Below a small map, where there is room for four letters.
BRIEF: dict[str, str] = {
    NAMES["induction"]: "ind", NAMES["same"]: "same", NAMES["previous"]: "prev", NAMES["next"]: "next",
    NAMES["itself"]: "self", NAMES["recent"]: "near", NAMES["first"]: "1st", NAMES["last"]: "last", EVEN: "even",
    MIXED: "", SHORT: "", UNWRITTEN: "", **{reads(name): name[:4].rstrip() for name in CLASSES},
}  # fmt: skip

# Over a score's number, where there is room for one word.
UNIT: dict[str, str] = {
    NAMES["induction"]: "induction", NAMES["same"]: "same", NAMES["previous"]: "previous", NAMES["next"]: "next",
    NAMES["itself"]: "itself", NAMES["recent"]: "recent", NAMES["first"]: "first", NAMES["last"]: "last",
    EVEN: "evenly", RANDOM: "repeats",
}  # fmt: skip

MEANS: dict[str, str] = {
    NAMES["induction"]: "finds this token earlier, reads what came after it.",
    NAMES["same"]: "finds the same token elsewhere in the text.",
    NAMES["previous"]: "looks one token back.",
    NAMES["next"]: "looks one token ahead.",
    NAMES["itself"]: "each token reads itself.",
    NAMES["recent"]: "looks at the last few tokens.",
    NAMES["first"]: "rests on the first token: often it has nothing to fetch.",
    NAMES["last"]: "rests on the last token.",
    EVEN: "reads everything alike: an average of the text.",
    SHORT: "so few tokens show no habit: nothing can be said.",
    UNWRITTEN: "one row shows no habit: let the model write its answer, under the picture.",
    MIXED: "no single habit that chance does not explain.",
    **{reads(name): f"finds {name} among the other tokens, more than chance explains." for name in CLASSES},
}

# What a token gives its attention to, as the score of that name counts it.
ABOUT: dict[str, str] = {
    NAMES["induction"]: "the token that came after an earlier copy of it",
    NAMES["same"]: "the same token elsewhere",
    NAMES["previous"]: "the token before it",
    NAMES["next"]: "the token after it",
    NAMES["itself"]: "itself",
    NAMES["recent"]: f"the {RECENT} tokens before it",
    NAMES["first"]: "the first token",
    NAMES["last"]: "the last token",
}
