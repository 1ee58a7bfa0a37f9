"""What the picture says in words: what was found, what chance does, and what the lists are."""

from __future__ import annotations

from core.messages import mark, say
from core.vectors.association import LEAST, LEVEL, Found, Measured
from core.vectors.residual_bias import Leftover
from core.vectors.static import PUBLISHED_WORDS
from core.vectors.word_lists import AssociationTest
from pages.bias.weat import Shown, Singles, Table

# Of the tests whose targets are first names (3, 4, 5, 6, 10): what such a list is, and what it is not.
NAMES = mark(
    "These lists hold first names that US studies took to stand for groups of people. The test says near which words "
    "such names stand in the text that the vectors come from, and nothing about anybody who bears one."
)
# What the last column of the tests says.
FOUND = mark(
    "Found: of the list with the fewest, how many words the table has; below {least} % a test is not conclusive."
)
# A line of the ten tests: X and Y as short as they are told apart.
SHORT = {
    "1": mark("flowers | insects"), "2": mark("instruments | weapons"), "3": mark("Europ. | Afr. Am. names"),
    "4": mark("as 3, other names"), "5": mark("as 4, other words"), "6": mark("men’s | women’s names"),
    "7": mark("mathematics | arts"), "8": mark("science | arts"), "9": mark("mental | physical disease"),
    "10": mark("young | old names"),
}  # fmt: skip


def chance(p: float) -> str:
    """Write a p-value: 0.0123, or 2e−5 where it is small."""
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}".replace("e-0", "e−").replace("e-", "e−")


def counted(one: Found, pieced: int) -> str:
    """Count how much of a list has rows of its own: "7 of 25 of “flowers”"."""
    return say(
        "{count} of {asked} of “{name}”",
        count=len(one.words) - pieced,
        asked=len(one.asked),
        name=say(one.name),
    )


def verdict(shown: Shown, table: Table) -> list[str]:
    """Say what the test comes to, and what speaks against it: a sentence a line."""
    done = shown.measured
    if done is None:
        return [say("This test cannot be made: {why}.", why=shown.why), *_has(table)]
    x, y, a, b = (say(one.name) for one in done.lists)
    lines = [_by_chance(shown, x, y, a) if shown.within else _finding(done, x, y, a, b)]
    if not shown.conclusive:
        lines.append(_unsure(shown, table))
    if len(done.x) != len(done.y):
        lines.append(
            say(
                "X has {x} words and Y {y}: every random split keeps these sizes, and means are compared.",
                x=len(done.x), y=len(done.y),
            )
        )  # fmt: skip
    if table.which == "learned" and not table.run[0]:
        lines.append(
            say(
                "{count} words of Toyland’s tales, recorded. Train your own vectors on the Embeddings page: they then "
                "stand here.",
                count=len(table.words),
            )
        )
    return lines


def _unsure(shown: Shown, table: Table) -> str:
    """Say of which lists too little is in the table."""
    every = zip(shown.lists, shown.pieced, shown.shares)
    values = {
        "found": ", ".join(counted(one, pieced) for one, pieced, share in every if share < LEAST),
        "table": table.name, "least": f"{100 * LEAST:.0f}",
    }  # fmt: skip
    if table.which == "model":
        return say(
            "Not conclusive: only {found} are single tokens of {table}. Any other word has the mean of its tokens’ "
            "rows here, which says less of it than the model knows.",
            **values,
        )
    if table.which == "glove":
        return say(
            "Not conclusive: of GloVe, only its {count} most frequent words are here (the published table has {all}), "
            "among them {found}. With under {least} % of a list the words left may be a selection: the common ones.",
            count=f"{len(table.words):,}", all=f"{PUBLISHED_WORDS:,}", **values,
        )  # fmt: skip
    return say(
        "Not conclusive: {table} has only {found}. With under {least} % of a list the words left may be a selection: "
        "the common ones.",
        **values,
    )


def found_in(table: Table) -> str:
    """Say what the last column of the tests counts, and, of GloVe, what is not counted as it was cut off."""
    found = say(FOUND, least=f"{100 * LEAST:.0f}")
    if table.which != "glove":
        return found
    cut = say(
        "GloVe is cut to the {count} most frequent of its {all} words.",
        count=f"{len(table.words):,}", all=f"{PUBLISHED_WORDS:,}",
    )  # fmt: skip
    return f"{found} {cut}"


def _has(table: Table) -> list[str]:
    """Say what vectors learned from a text have instead of what was asked for, and what can be done."""
    if table.which != "learned":
        return []
    words = table.words.words
    some = ", ".join(words[at] for at in range(len(words) // 3, len(words), max(1, len(words) // 18)))
    values = {"count": f"{len(words):,}", "words": some}
    if table.run[0]:
        return [
            say(
                "Your word2vec run has {count} words, those of its text: {words}, ... Write your lists from words like "
                "these; the Embeddings page learns others from a text of yours.",
                **values,
            )
        ]
    return [
        say(
            "The recorded word2vec has {count} words, those of Toyland’s tales: {words}, ... Write your lists from "
            "words like these, or test the lists below; the Embeddings page learns others from a text of yours.",
            **values,
        )
    ]


def _by_chance(shown: Shown, x: str, y: str, a: str) -> str:
    """Say that an effect lies where the splits by chance lie: no finding, whatever its size."""
    low, high = (_signed(end) for end in shown.band)
    return say(
        "No finding: how much nearer the words of “{x}” lie to “{a}” than those of “{y}”, d = {d}, is what chance "
        "does, too: {share} % of the random splits of these words lie between {low} and {high}.",
        x=x, a=a, y=y, d=_signed(shown.sure.d), share=f"{100 * (1 - LEVEL):.0f}", low=low, high=high,
    )  # fmt: skip


def _finding(done: Measured, x: str, y: str, a: str, b: str) -> str:
    side, other = (x, y) if done.d >= 0 else (y, x)
    far = abs(done.d)
    if far < 0.2:
        return say(
            "The words of “{x}” and of “{y}” lie about equally near to “{a}”: d = {d}.",
            x=x, y=y, a=a, d=_signed(done.d),
        )  # fmt: skip
    return say(
        "The words of “{side}” lie nearer to “{a}”, rather than “{b}”, than those of “{other}” do: by {far} standard "
        "deviations, d = {d}.",
        side=side, a=a, b=b, other=other, far=f"{far:.2f}", d=_signed(done.d),
    )  # fmt: skip


def dealt(done: Measured) -> str:
    """Say what the permutation test counted, with the one-sided p, which is the published one's kind."""
    return f"{_dealt(done)} {say('One-sided, as published: {p}.', p=chance(done.chance.p))}"


def _dealt(done: Measured) -> str:
    chances = done.chance
    values = {"far": f"{chances.far:,}", "p": chance(chances.two_sided)}
    if chances.exact:
        values |= {"splits": f"{chances.splits:,}", "count": str(len(done.x) + len(done.y))}
        if chances.far == 1:
            return say(
                "All {splits} ways to split the {count} words: {far} of them puts the means at least as far apart, on "
                "either side, so p = {p}, two-sided.",
                **values,
            )
        return say(
            "All {splits} ways to split the {count} words: {far} of them put the means at least as far apart, on "
            "either side, so p = {p}, two-sided.",
            **values,
        )
    values |= {"many": many(chances.splits), "draws": f"{chances.draws:,}"}
    if chances.far == 1:
        return say(
            "Of {many} ways to split the words, {draws} were drawn (seed 0); {far} puts the means at least as far "
            "apart, on either side, so p = ({far} + 1) / ({draws} + 1) = {p}, two-sided.",
            **values,
        )
    return say(
        "Of {many} ways to split the words, {draws} were drawn (seed 0); {far} put the means at least as far apart, "
        "on either side, so p = ({far} + 1) / ({draws} + 1) = {p}, two-sided.",
        **values,
    )


def many(splits: int) -> str:
    """Write a large number: "34.6 million", "9.7 × 10^34"."""
    if splits < 1e9:
        return say("{count} million", count=f"{splits / 1000000.0:.1f}")
    digits, power = f"{splits:.1e}".split("e+")
    return f"{digits} × 10^{int(power)}"


def kept(sides: Leftover) -> str:
    """Say whether a classifier finds more without the direction than shuffled labels give."""
    if sides.beyond_chance:
        return say(
            "One direction is gone. What the words of a side share besides is not: they still "
            "lie near each other."
        )
    return say(
        "One direction is gone, and a classifier does not surely find more: its interval "
        "reaches into what shuffled labels give."
    )


def pieced(table: Table, single: Singles) -> str:
    """Say how many of the words that the classifier is about have a row of their own in the open model's table."""
    return say(
        "Of the {asked} frequent words that were sorted here, {whole} are single tokens of {model}, and of the "
        "{probed} probed {probed_whole}. Every other word has the mean of its tokens’ rows, and words that share "
        "tokens are alike by their spelling.",
        asked=f"{single.asked:,}", whole=f"{single.asked_whole:,}", model=table.name, probed=f"{single.probed:,}",
        probed_whole=f"{single.probed_whole:,}",
    )  # fmt: skip


def left_out(shown: Shown) -> list[str]:
    """List the words that the test does not use, list by list."""
    lines = []
    for side, one in zip("XYAB", shown.lists):
        if one.missing:
            lines.append(
                say(
                    "{side}: {count} not in the table: {list}",
                    side=side,
                    count=len(one.missing),
                    list=", ".join(one.missing),
                )
            )
        if one.shared:
            lines.append(
                say(
                    "{side}: in another list, too, so left out: {list}", side=side, list=", ".join(one.shared)
                )
            )
    return lines


def title(test: AssociationTest | None, shown: Shown) -> str:
    """Name a test: "Test 6: men's names and women's names"."""
    x, y = say(shown.lists[0].name), say(shown.lists[1].name)
    if test is None:
        return say("Your lists: {x} and {y}", x=x, y=y)
    return say("Test {number}: {x} and {y}", number=test.number, x=x, y=y)


def _signed(d: float) -> str:
    return f"{d:.2f}".replace("-", "−")
