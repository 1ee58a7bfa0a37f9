"""Every picture that stands alone, drawn while the site is built: call, sentence, picture, arguments."""

from __future__ import annotations

import html

import core
from app import chapters, show
from app.outside.documents import Picture
from app.session.fields import DEFAULT_MODEL, DEFAULT_TEXT
from scripts.documentation.pages import Source, table

SECTION, FOLDER = "Every picture", "every-picture"
STEP = "attention-step"  # the picture of the start page that shows one head at one step
OWN, EARLY = "home-own", 150  # its other one, which carries the model at the end and at an early step


def shown() -> dict[str, show.Show]:
    """Return the functions of `show` that draw a picture, by their names, in the order of the pages."""
    named = {name: one for name, one in vars(show).items() if isinstance(one, show.Show)}
    order = list(chapters.BY_SLUG)
    return dict(sorted(named.items(), key=lambda pair: order.index(pair[0])))


def write(source: Source) -> None:
    """Draw every picture and write its page, and the page that lists them all."""
    lm = core.load(DEFAULT_MODEL)
    step = show.attention(lm, DEFAULT_TEXT, layer=3, head=2, row=10, step="softmax")
    source.picture(STEP, step, step.tall)
    own = show.home(lm, DEFAULT_TEXT).with_model(rewind=EARLY)
    source.picture(OWN, own, own.tall)
    names, said = [], []
    for name, one in shown().items():
        picture = one(lm, DEFAULT_TEXT) if one.figure.model else one()
        source.picture(name, picture, picture.tall)
        title = chapters.BY_SLUG[name].title
        source.page(f"{FOLDER}/{name}.md", _page(name, title, one, picture), SECTION, title)
        names.append(f"[{title}]({name}.md)")
        said.append(_escaped(picture.claim))
    source.page(
        f"{FOLDER}/index.md",
        "\n".join(
            [
                f"# {SECTION}",
                "",
                "A page of the app has a picture, and these stand alone: `show` has a function for each, named as the "
                "page. Each was drawn while this site was built, by the call that its page begins with.",
                "",
                *table({"picture": names, "what it says here": said}),
                "",
            ]
        ),
    )
    source.entries[SECTION] = {"All of them": f"{FOLDER}/index.md", **source.entries[SECTION]}


def _page(name: str, title: str, one: show.Show, picture: Picture) -> str:
    """Write the page of one picture."""
    if one.figure.model:
        call = f"lm = core.load({DEFAULT_MODEL!r})\nshow.{name}(lm, {DEFAULT_TEXT!r})"
        head = "import core\nfrom app import show\n\n"
    else:
        call, head = f"show.{name}()", "from app import show\n\n"
    arguments = one.explained
    return "\n".join(
        [
            "---",
            "hide: [toc]",
            "---",
            "",
            f"# {title}",
            "",
            "```python",
            head + call,
            "```",
            "",
            _escaped(picture.sentence),
            "",
            f"<!-- picture: {name} -->",
            "",
            "## What it takes",
            "",
            *table(
                {
                    "argument": [f"`{word}`" for word in arguments],
                    "values": [_escaped(value) for value in arguments.values()],
                }
            ),
            "",
        ]
    )


def _escaped(text: str) -> str:
    """Write text so that Markdown shows it as it is."""
    escaped = html.escape(text, quote=False)
    for sign in "\\`*_[]{}#^~$|=+":
        escaped = escaped.replace(sign, f"&#{ord(sign)};")
    return escaped.replace("\n", "&#10;")
