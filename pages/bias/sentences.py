"""What the picture says in words: what was found, what chance does, and what the lists are."""

from __future__ import annotations

from core.vectors.association import LEAST, LEVEL, Found, Measured, Permutations
from core.vectors.residual_bias import Leftover
from core.vectors.static import PUBLISHED_WORDS
from core.vectors.word_lists import AssociationTest
from pages.bias.weat import Shown, Singles, Table

# Of the tests whose targets are first names (3, 4, 5, 6, 10): what such a list is, and what it is not.
NAMES = (
    "These lists hold first names that US studies took to stand for groups of people. The test says near which words "
    "such names stand in the text that the vectors come from, and nothing about anybody who bears one."
)
# What the last column of the tests says.
FOUND = (
    f"Found: of the list with the fewest, how many words the table has; below {100 * LEAST:.0f} % a test is not "
    "conclusive."
)
# A line of the ten tests: X and Y as short as they are told apart.
SHORT = {
    "1": "flowers | insects", "2": "instruments | weapons", "3": "Europ. | Afr. Am. names",
    "4": "as 3, other names", "5": "as 4, other words", "6": "men’s | women’s names",
    "7": "mathematics | arts", "8": "science | arts", "9": "mental | physical disease",
    "10": "young | old names",
}  # fmt: skip


def chance(p: float) -> str:
    """Write a p-value: 0.0123, or 2e−5 where it is small."""
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}".replace("e-0", "e−").replace("e-", "e−")


def counted(one: Found, pieced: int) -> str:
    """Count how much of a list has rows of its own: "7 of 25 of “flowers”"."""
    return f"{len(one.words) - pieced} of {len(one.asked)} of “{one.name}”"


def verdict(shown: Shown, table: Table) -> list[str]:
    """Say what the test comes to, and what speaks against it: a sentence a line."""
    done = shown.measured
    if done is None:
        return [f"This test cannot be made: {shown.why}.", *_has(table)]
    x, y, a, b = (one.name for one in done.lists)
    lines = [_by_chance(shown, x, y, a) if shown.within else _finding(done, x, y, a, b)]
    if not shown.conclusive:
        every = zip(shown.lists, shown.pieced, shown.shares)
        found = ", ".join(counted(one, pieced) for one, pieced, share in every if share < LEAST)
        if table.which == "model":
            lines.append(
                f"Not conclusive: only {found} are single tokens of {table.name}. Any other word has the mean of its "
                "tokens’ rows here, which says less of it than the model knows."
            )
        else:
            which = f"{table.name} has only {found}"
            if table.which == "glove":
                which = f"{cut(table)}, among them {found}"
            lines.append(
                f"Not conclusive: {which}. With under {100 * LEAST:.0f} % of a list the words "
                "left may be a selection: the common ones."
            )
    if len(done.x) != len(done.y):
        lines.append(
            f"X has {len(done.x)} words and Y {len(done.y)}: every random split keeps these sizes, and means "
            "are compared."
        )
    if table.which == "learned" and not table.run[0]:
        lines.append(
            f"{len(table.words)} words of Toyland’s tales, recorded. Train your own vectors on the Embeddings page: "
            "they then stand here."
        )
    return lines


def cut(table: Table) -> str:
    """Say how much of the published table is here."""
    return (
        f"of GloVe, only its {len(table.words):,} most frequent words are here (the published table has "
        f"{PUBLISHED_WORDS:,})"
    )


def found_in(table: Table) -> str:
    """Say what the last column of the tests counts, and, of GloVe, what is not counted as it was cut off."""
    if table.which != "glove":
        return FOUND
    return f"{FOUND} GloVe is cut to the {len(table.words):,} most frequent of its {PUBLISHED_WORDS:,} words."


def _has(table: Table) -> list[str]:
    """Say what vectors learned from a text have instead of what was asked for, and what can be done."""
    if table.which != "learned":
        return []
    words = table.words.words
    some = ", ".join(words[at] for at in range(len(words) // 3, len(words), max(1, len(words) // 18)))
    text = "its text" if table.run[0] else "Toyland’s tales"
    todo = "Write your lists from words like these" + ("" if table.run[0] else ", or test the lists below")
    return [
        f"{table.name[:1].upper()}{table.name[1:]} has {len(words):,} words, those of {text}: {some}, ... {todo}; "
        "the Embeddings page learns others from a text of yours."
    ]


def _by_chance(shown: Shown, x: str, y: str, a: str) -> str:
    """Say that an effect lies where the splits by chance lie: no finding, whatever its size."""
    low, high = (_signed(end) for end in shown.band)
    return (
        f"No finding: how much nearer the words of “{x}” lie to “{a}” than those of “{y}”, "
        f"d = {_signed(shown.sure.d)}, is what chance does, too: {100 * (1 - LEVEL):.0f} % of the random splits of "
        f"these words lie between {low} and {high}."
    )


def _finding(done: Measured, x: str, y: str, a: str, b: str) -> str:
    side, other = (x, y) if done.d >= 0 else (y, x)
    far = abs(done.d)
    if far < 0.2:
        return f"The words of “{x}” and of “{y}” lie about equally near to “{a}”: d = {_signed(done.d)}."
    return (
        f"The words of “{side}” lie nearer to “{a}”, rather than “{b}”, than those of “{other}” do: by {far:.2f} "
        f"standard deviations, d = {_signed(done.d)}."
    )


def dealt(done: Measured) -> str:
    """Say what the permutation test counted."""
    chances = done.chance
    if chances.exact:
        return (
            f"All {chances.splits:,} ways to split the {len(done.x) + len(done.y)} words: {chances.far:,} of them "
            f"{_reach(chances)}, so p = {chance(chances.two_sided)}, two-sided.{_side(done)}"
        )
    return (
        f"Of {many(chances.splits)} ways to split the words, {chances.draws:,} were drawn (seed 0); "
        f"{chances.far:,} {_reach(chances)}, so p = ({chances.far:,} + 1) / ({chances.draws:,} + 1) = "
        f"{chance(chances.two_sided)}, two-sided.{_side(done)}"
    )


def _reach(chances: Permutations) -> str:
    return f"{'puts' if chances.far == 1 else 'put'} the means at least as far apart, on either side"


def _side(done: Measured) -> str:
    """Give the one-sided p, which is the published one's kind."""
    return f" One-sided, as published: {chance(done.chance.p)}."


def many(splits: int) -> str:
    """Write a large number: "34.6 million", "9.7 × 10^34"."""
    if splits < 1e9:
        return f"{splits / 1e6:.1f} million"
    digits, power = f"{splits:.1e}".split("e+")
    return f"{digits} × 10^{int(power)}"


def kept(sides: Leftover) -> str:
    """Say whether a classifier finds more without the direction than shuffled labels give."""
    if sides.beyond_chance:
        return "One direction is gone. What the words of a side share besides is not: they still lie near each other."
    return (
        "One direction is gone, and a classifier does not surely find more: its interval reaches into what shuffled "
        "labels give."
    )


def pieced(table: Table, single: Singles) -> str:
    """Say how many of the words that the classifier is about have a row of their own in the open model's table."""
    return (
        f"Of the {single.asked:,} frequent words that were sorted here, {single.asked_whole:,} are single tokens of "
        f"{table.name}, and of the {single.probed:,} probed {single.probed_whole:,}. Every other word has the mean of "
        "its tokens’ rows, and words that share tokens are alike by their spelling."
    )


def left_out(shown: Shown) -> list[str]:
    """List the words that the test does not use, list by list."""
    lines = []
    for side, one in zip("XYAB", shown.lists):
        if one.missing:
            lines.append(f"{side}: {len(one.missing)} not in the table: {', '.join(one.missing)}")
        if one.shared:
            lines.append(f"{side}: in another list, too, so left out: {', '.join(one.shared)}")
    return lines


def title(test: AssociationTest | None, shown: Shown) -> str:
    """Name a test: "Test 6: men's names and women's names"."""
    x, y = shown.lists[0].name, shown.lists[1].name
    return f"{'Your lists' if test is None else f'Test {test.number}'}: {x} and {y}"


def _signed(d: float) -> str:
    return f"{d:.2f}".replace("-", "−")
