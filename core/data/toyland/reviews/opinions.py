"""What reviews have opinions about, and which: pairs of a good and a bad thing to say, word for word as common."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

Topic = str  # "thing", "pet", "food", "place" or "helper"


@dataclass(frozen=True)
class Opinion:
    """A good and a bad thing to say of a topic: adjectives, or deeds with their plain form (`bases`).

    `aspect` is what of the topic is good or bad ("colour"), "" the topic itself.
    """

    good: str
    bad: str
    aspect: str = ""
    bases: tuple[str, str] | None = None

    def words(self, positive: bool) -> str:
        """The adjective, or the deed as it was done."""
        return self.good if positive else self.bad

    def base(self, positive: bool) -> str:
        """The deed in its plain form."""
        assert self.bases is not None
        return self.bases[0 if positive else 1]


def _opinions(adjectives: str, deeds: str) -> tuple[Opinion, ...]:
    """Read ``strong/weak, colour: bright/dull`` and ``worked|work/broke|break``."""
    found = []
    for text in (part.strip() for part in adjectives.replace("\n", " ").split(",")):
        aspect, _, pair = text.rpartition(": ")
        good, bad = pair.split("/")
        found.append(Opinion(good, bad, aspect))
    for text in (part.strip() for part in deeds.replace("\n", " ").split(",")):
        (good, do_good), (bad, do_bad) = (side.split("|") for side in text.split("/"))
        found.append(Opinion(good, bad, "", (do_good, do_bad)))
    return tuple(found)


OPINIONS: dict[Topic, tuple[Opinion, ...]] = {
    "thing": _opinions(
        """strong/weak, well made/badly made, useful/useless, neat/crooked, cheap/dear, easy to use/hard to use,
        smooth/rough, clean/dirty, lovely/ugly, safe/dangerous, handy/awkward,
        colour: bright/dull, colour: lovely/ugly, price: fair/unfair, price: low/high,
        shape: pretty/odd, size: good/bad""",
        """worked well|work well/broke|break, stayed whole|stay whole/came apart|come apart,
        kept its colour|keep its colour/lost its colour|lose its colour,
        held firm|hold firm/fell to pieces|fall to pieces, lasted|last/cracked|crack,
        made me happy|make me happy/made me angry|make me angry""",
    ),
    "pet": _opinions(
        """gentle/wild, clean/dirty, friendly/nasty, quiet/noisy, healthy/sick, clever/stubborn, tame/shy,
        lively/lazy, good/bad, happy/sad, coat: soft/rough, coat: shiny/dull, voice: soft/loud, price: fair/unfair""",
        """came when I called|come when I called/ran away|run away, slept all night|sleep all night/bit me|bite me,
        listened to me|listen to me/scratched me|scratch me, stayed close|stay close/hid from me|hide from me,
        kept the house clean|keep the house clean/broke my cups|break my cups""",
    ),
    "food": _opinions(
        """tasty/bland, fresh/stale, good/bad, rich/thin, crisp/soggy, clean/dusty, wholesome/burnt, soft/hard,
        smell: sweet/sour, smell: good/bad, price: fair/unfair, look: pretty/dull, portion: big/small""",
        """tasted fresh|taste fresh/tasted burnt|taste burnt,
        pleased everybody|please everybody/made us ill|make us ill,
        filled me|fill me/left me hungry|leave me hungry, made me smile|make me smile/made me cough|make me cough""",
    ),
    "place": _opinions(
        """clean/dirty, quiet/noisy, bright/dark, warm/cold, safe/dangerous, pretty/ugly, tidy/messy, dry/damp,
        cheerful/gloomy, easy to find/hard to find, lovely/dreary, open/locked, view: wide/poor, view: lovely/ugly,
        air: fresh/bad, smell: sweet/sour, path: smooth/rough""",
        """made me happy|make me happy/made me sad|make me sad, felt like home|feel like home/felt empty|feel empty,
        pleased the children|please the children/bored the children|bore the children,
        did me good|do me good/made me ill|make me ill""",
    ),
    "helper": _opinions(
        """kind/rude, quick/slow, patient/impatient, careful/careless, honest/dishonest, friendly/grumpy, fair/unfair,
        gentle/rough, helpful/useless, clever/foolish, tidy/messy, awake/sleepy, work: neat/poor, work: good/bad,
        price: fair/unfair, shop: clean/dirty, shop: tidy/messy""",
        """kept every promise|keep a promise/broke every promise|break a promise,
        listened to me|listen to me/shouted at me|shout at me,
        told the truth|tell the truth/told lies|tell lies, came early|come early/came late|come late,
        smiled at me|smile at me/laughed at me|laugh at me, helped me|help me/sent me away|send me away""",
    ),
}


def held_out(words: str, kind: str) -> bool:
    """Whether `words` are never told in the way `kind` in training: one combination of eight is held out."""
    return crc32(f"{words}|{kind}".encode()) % 8 == 0
