"""The frame that every page is drawn in: claim, picture, controls, Predict, Code, Take away, cheatsheet.

A page calls these functions in order (see CONTRIBUTING.md): `begin`, `claim`, its picture, `controls`, `foot` with
`predict`, `code` and `take_away` inside, `cheatsheet`, `examples`. Arithmetic lives in `core`; nothing here computes.
"""

from __future__ import annotations

import copy
import functools
import html
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import chapters, markup, models, reading, runs, theme
from app.controls import decoder_text, own_run
from app.controls.predict import Answer, draw, predict_card
from app.counts import counted
from app.frame import badge, sidebar, source, takeaway
from app.frame import terms as glossary
from app.frame.judged import opened_html, rules_html
from app.kit.figures import Asked, Drawing, Table
from app.lessons import library, player, strip
from app.markup import inline
from app.models import cache, choice, opening
from app.session import lent, state
from core.messages import mark, say, spoken
from core.verdict_rule import Rule

if TYPE_CHECKING:
    from core.analysis.places import Kind
    from core.language_model import LanguageModel

__all__ = [
    "Answer", "Context", "another_text", "begin", "cheatsheet", "claim", "code", "controls", "examples", "foot", "go",
    "judged", "lead", "native", "predict", "take_away", "terms",
]  # fmt: skip


@dataclass(frozen=True)
class Context:
    """The open model, and the text as the model reads it.

    `ids` and `tokens` include the special tokens; `lm.trace(ctx.text)` gives exactly these ids.
    """

    slug: str
    lm: LanguageModel
    model_key: str  # the cache key of `cache.call`
    name: str  # the model's name in a link
    label: str  # its name in a sentence
    snapshot: int | None  # its training step, None: finished
    text: str
    ids: tuple[int, ...]
    tokens: tuple[str, ...]  # token texts with their leading space
    special: int  # how many of the ids are special tokens
    target: str  # an encoder-decoder's target text so far
    notes: tuple[str, ...]
    moments: tuple[int, ...]  # The training steps that the model can be rewound to, () where none were kept
    slot: DeltaGenerator  # the sidebar's slot for the page's examples

    @property
    def asked(self) -> Asked:
        """What a picture of this page is drawn of: the model and text with what is selected now."""
        return Asked(
            self.lm, self.text, self.decoder_text, state.snapshot(), self.name, self.short_name,
            self.model_key,
            lambda function, *arguments: cache.call(function, self.model_key, *arguments),
            lambda function, *arguments: cache.share(function, self.model_key, *arguments),
            lambda name, function, *arguments: cache.call(function, cache.key(name), *arguments), cache.model,
            note=state.note,
            rewound=lambda step, function, *arguments: cache.call(
                function, cache.key(self.name, step), *arguments
            ),
        )  # fmt: skip

    @property
    def both(self) -> bool:
        """Whether the model has an encoder and a decoder."""
        return self.asked.both

    @property
    def stack(self) -> Literal["encoder", "decoder"] | None:
        """The selected stack of an encoder-decoder; None for a model with one stack."""
        return self.asked.stack

    @property
    def attention(self) -> Kind:
        """The selected kind of attention."""
        return self.asked.attention

    @property
    def blocks(self) -> int:
        """The number of blocks of the selected stack."""
        return self.asked.blocks

    @property
    def decoder_text(self) -> str | None:
        """The target text of an encoder-decoder so far; None for other models."""
        return self.target if self.lm.config.shape == "encoder-decoder" else None

    @property
    def load_source(self) -> str:
        """The call that opens this model in a notebook, as source."""
        moment = "" if self.snapshot is None else f", snapshot={self.snapshot}"
        return f"core.load({str(models.resolve(self.name).target)!r}{moment})"

    @property
    def inputs(self) -> dict[str, str]:
        """The texts that a notebook reads, by the names that it gives them."""
        return {"TEXT": self.text} | ({"TARGET": self.target} if self.both else {})

    @property
    def short_name(self) -> str:
        """The model's name in a sentence, without its folder."""
        return self.label if runs.run_id(self.name) else self.label.rpartition("/")[2]


# Seconds in which a browser draws the picture before the widgets around it arrive and block it: with this pause the
# picture appears 20 to 40 ms earlier, and the widgets as much later.
PAUSE = 0.04

_current: ContextVar[Context] = ContextVar("glassbox_page")
# Rules of the verdicts above the foot, for its Code card; None: the foot is drawn.
_rules: ContextVar[tuple[Rule, ...] | None] = ContextVar("glassbox_rules", default=())
_invitation: ContextVar[DeltaGenerator | None] = ContextVar("glassbox_invitation", default=None)
_later: ContextVar[Callable[[], None] | None] = ContextVar("glassbox_later", default=None)


def native(chapter: chapters.Chapter) -> Any:
    """Return Streamlit's page object of a chapter, for navigation and links."""
    return copy.copy(_native(chapter, spoken()))  # a run marks the page that it opens


@functools.cache
def _native(chapter: chapters.Chapter, language: str) -> Any:
    """Make a page object, once for each language: Streamlit asks the disk for each, and every run names all pages."""
    return st.Page(
        chapters.ROOT / chapter.path,
        title=say(chapter.title),
        icon=chapter.icon,
        url_path=chapter.slug,
        default=chapter.slug == "home",
    )


def go(slug: str) -> None:
    """Open another page with the same model, text and selections."""
    st.switch_page(native(chapters.BY_SLUG[slug]))


# Pages that are no chapters: what is read beside them. Slug -> title, icon, whether it stands in the navigation.
BESIDE: dict[str, tuple[str, str, bool]] = {
    "lessons": (mark("Lessons"), "school", True),
    "glossary": (mark("Glossary"), "dictionary", True),
    "teaching": (mark("Teaching"), "co_present", False),
    "kept": (mark("What is kept"), "shield_person", False),
}


def beside(slug: str) -> Any:
    """Return Streamlit's page object of a page that is no chapter."""
    title, icon, listed = BESIDE[slug]
    return st.Page(
        chapters.ROOT / "pages" / slug / "page.py", title=say(title), icon=f":material/{icon}:", url_path=slug,
        visibility="visible" if listed else "hidden",
    )  # fmt: skip


def _follow_link() -> None:
    """Open the page that a picture's link asked for (`events.visit`), if it exists."""
    asked = str(state.memo("visit").pop("page", None))
    if asked in BESIDE:
        st.switch_page(beside(asked))
    chapter = chapters.BY_SLUG.get(asked)
    if chapter is not None and chapter.exists:
        go(chapter.slug)


def enter(slug: str) -> None:
    """Begin a page that is no chapter: follow a link to another page, then show what is to be said."""
    lent.left(slug)
    state.enter(slug)
    _follow_link()
    sidebar.crumb(say(BESIDE[slug][0]))
    sidebar.keys_alone()
    sidebar.tell(state.take_notes())


def begin(
    slug: str, longest: int | None = None, room: int = 0, apart: str = "", writes: bool = False
) -> Context:
    """Load the model, tokenize the text, reserve the sidebar and draw the breadcrumb.

    Args:
        slug: of this page in app/chapters.py.
        longest: how many tokens the page's picture holds, when that is less than the model's context.
        room: positions of a decoder's context that the page needs for what the model writes.
        apart: for a page with models of its own, the sidebar's note about that under the open model; such a page
            has no Rewind, and without `longest` says by itself what of the text is read.
        writes: use the encoder-decoder's own answer as the target while that is empty (one row shows nothing).
    """
    lent.left(slug)
    state.enter(slug)
    state.memo("picture").clear()
    player.arrive(slug)
    _follow_link()
    if slug in chapters.TRAINS:
        runs.expect()
    choice.welcome(slug)
    opened = opening.open_model(slug)
    lm = opened.lm
    choice.arrive(opened.name, lm)
    choice.suit(slug)
    free = room if lm.config.shape == "decoder" else 0
    sample = next(iter(choice.texts(opened.name)), state.DEFAULT_TEXT)
    read = reading.read(lm, state.get("text"), sample, longest, free, reading.BOUNDS.get(slug, ""))
    _fit(lm, read)
    target, said = _target(opened, read, longest, writes)
    runs.greet()
    heard = read.notes[:-1] if apart and read.clipped and longest is None else read.notes
    notes = _notes(*heard, *said)
    places = sidebar.head(slug)
    # Home's lead stands there, a lesson asks by itself, a projector has the way out there, and a frame holds a picture.
    taken = slug == "home" or player.playing() is not None or state.get("view") != "page"
    _invitation.set(None if taken else st.empty())
    sidebar.tell(notes)
    above = st.empty()
    if opened.name in models.published() and (line := chapters.trained(slug, opened.label)):
        st.html(f"<p class='gb-instead'>{inline(line)}</p>")
    ctx = _context(slug, opened, read, target, notes, places)
    _current.set(ctx)
    _rules.set(())
    takeaway.set_origin(slug, None if apart else ctx.asked)

    def later() -> None:
        time.sleep(PAUSE)
        sidebar.fill(places, opened, read, slug, apart)
        if not apart and badge.draw(above, lm, opened.key, read.text):
            _invitation.set(None)  # the badge stands in its place

    _later.set(later)
    return ctx


def _context(
    slug: str,
    opened: opening.Opened,
    read: reading.Reading,
    target: str,
    notes: tuple[str, ...],
    places: sidebar.Places,
) -> Context:
    """Put together what a page is told: the open model, and the text as that reads it."""
    lm = opened.lm
    return Context(
        slug=slug,
        lm=lm,
        model_key=opened.key,
        name=opened.name,
        label=opened.label,
        snapshot=None if opened.moment < 0 else opened.moment,
        text=read.text,
        ids=read.ids,
        tokens=tuple(lm.tokenizer.display(token) for token in read.ids),
        special=read.special,
        target=target,
        notes=notes,
        moments=opened.moments,
        slot=places.examples,
    )


def _decodes(lm: LanguageModel) -> bool:
    return lm.config.shape == "encoder-decoder" and state.get("stack") == "decoder"


def _fit(lm: LanguageModel, read: reading.Reading) -> None:
    """Bring the chosen block, head and rows into what this model and text have."""
    decoding, last = _decodes(lm), len(read.ids) - 1
    blocks = lm.config.decoder_layers if decoding else lm.config.n_layers
    state.fit({"block": blocks - 1, "head": lm.config.n_heads - 1})
    state.fit({} if decoding else {"follow": last, "row": last, "col": last})


def _target(
    opened: opening.Opened, read: reading.Reading, longest: int | None, writes: bool
) -> tuple[str, tuple[str, ...]]:
    """Return the decoder's text of an encoder-decoder ("" for any other model) and what is to be said about it."""
    lm = opened.lm
    if lm.config.shape != "encoder-decoder":
        return "", ()
    decoder_text.write(lm, read.text, longest)
    target, said = reading.read_target(lm, state.get("target"), longest)
    if writes and _decodes(lm) and not target:
        target = decoder_text.by_itself(lm, opened.key, read.text, longest)
    return target, said


def _notes(*heard: str) -> tuple[str, ...]:
    """Return the notes of this run, each once, with that of a link which cannot hold the whole text."""
    notes = tuple(dict.fromkeys((*state.take_notes(), *heard)))
    if state.link_is_whole():
        return notes
    room = counted(state.LINK_CHARACTERS, "character")
    return *notes, say("The link to this page carries the first {room} of your text.", room=room)


def settle() -> None:
    """Draw what `begin` has deferred until the picture is sent: the sidebar, and the first line on a phone.

    A browser draws what comes in the order in which it comes, and the picture is what a learner waits for. `foot` calls
    this; code that stops the page with an error message calls it before.
    """
    later = _later.get(None)
    _later.set(None)
    if later is not None:
        later()


def claim(text: str, facts: str = "") -> None:
    """Draw the page's claim in one sentence, and the run's facts at its right; backticks set code.

    In a lesson its strip stands in the claim's place.
    """
    playing = player.playing()
    if playing is not None and state.get("view") != "figure":
        strip.draw(playing)
        return
    aside = f"<p>{inline(facts)}</p>" if facts else ""
    st.html(f'<header class="gb-claim"><h1>{inline(text)}</h1>{aside}</header>')


def lead(text: str) -> None:
    """Draw a sentence below the claim, for whoever has just arrived."""
    if state.get("view") != "figure":
        st.html(f'<p class="gb-lead">{inline(text)}</p>')


def _end_of_picture() -> None:
    """End the page here where only claim and picture are shown (`view=figure`), with the way to the whole page."""
    if state.get("view") != "figure":
        return
    slug = _current.get().slug
    whole = state.query({**state.snapshot(), "view": "page"})
    address = html.escape(f"{'' if slug == 'home' else slug}?{whole}")
    said = inline(say("Made with Glassbox: the whole page"))
    st.html(f'<p class="gb-made"><a href="{address}" target="_blank">{said}</a></p>')
    state.finish()
    st.stop()


@contextmanager
def controls() -> Iterator[None]:
    """Lay out the widgets created in the `with` block as a row below the picture."""
    if state.memo("picture").get("drawn"):  # a few pages have them above it
        _end_of_picture()
    with st.container(key="gb-controls", horizontal=True, gap="medium", vertical_alignment="bottom"):
        yield


@contextmanager
def foot() -> Iterator[None]:
    """Lay out the cards created in the `with` block as a row at the bottom of the first screen."""
    _end_of_picture()
    settle()
    own_run.offer_last(_current.get().slug)
    with st.container(key="gb-foot", horizontal=True, gap="small"):
        yield
    _rules.set(None)


@contextmanager
def _card(name: str) -> Iterator[None]:
    with st.container(key=f"gb-card-{name}", border=True, gap="xsmall"):
        yield


def predict(
    question: str,
    options: Sequence[str],
    answer: Callable[[], Answer],
    about: Sequence[object],
    another: Callable[[int], Mapping[str, state.Value]] | None = None,
) -> None:
    """Draw a question whose answer the model computes when the learner commits: `answer` is called only then.

    An answer that raises `app.controls.predict.NotYet` waits: it is asked again at every run of the page. The words
    come from `assets/lessons/questions.md` (`app.questions.ask`).

    Args:
        question: about something that the picture does not already show; backticks set a piece in mono.
        options: what the learner chooses from, at least two.
        answer: computes which option is right, because of what, and the numbers behind it.
        about: all that the answer is computed from besides these words, such as `ctx.model_key` and `ctx.text`, and
            nothing else: a prediction stays while these do, whatever is looked at in the meantime. Each is a value
            whose `repr` tells it from others.
        another: given a seed, returns fields that ask the question anew about another text or place;
            `another_text` is one.
    """
    if player.asks():
        with _card("predict"):
            heading, said = inline(say("Predict")), inline(say("The lesson asks first."))
            st.html(f'<h2 class="gb-line"><b>{heading}</b> <span>{said}</span></h2>')
        return
    _invite(question)
    with _card("predict"):
        predict_card(question, tuple(options), answer, (_current.get().slug, *about), another)


# A question of so many characters stands in one line beside the breadcrumb of a screen 1366 pixels wide.
INVITES = 125


def _invite(question: str) -> None:
    """Draw the page's question above its picture, in the breadcrumb's line; a click goes to the card that asks it."""
    place = _invitation.get()
    _invitation.set(None)
    if place is None:
        return
    whole = question if len(markup.plain(question)) <= INVITES else say("a question about this page")
    heading, tip = inline(say("Predict")), inline(say("To the question, below the picture"))
    with place:
        st.html(
            f'<p class="gb-asked"><button type="button" title="{tip}">'
            f"<b>{heading}</b> <span>{inline(whole)}</span></button></p>"
        )


def another_text(texts: Sequence[str]) -> Callable[[int], Mapping[str, state.Value]]:
    """Return how `predict` asks about another text: one of these, or of the open model's own where it has some.

    A model that answers questions or fills gaps makes nothing of the beginning of a story.
    """
    own = choice.texts(_current.get().name)
    pool = own if len(own) > 1 else (*texts, *own)
    return lambda seed: {"text": draw(seed, pool, state.get("text")), "target": ""}


def code(*functions: Callable[..., Any]) -> None:
    """Draw the Code card: the source of the `core` functions that computed the picture, read from the running code."""
    with _card("code"):
        source.code_card([source.read(function) for function in functions])
        if rules := _rules.get():
            judging = st.popover(say("How judged"), key="gb-judged", type="tertiary", on_change="rerun")
            with judging:
                st.html(source.ROOM)
                if judging.open:
                    st.html(rules_html(rules))


def take_away(
    picture: str | Drawing[Any],
    table: Table | Callable[[], Table] | None,
    notebook: Sequence[str] | Callable[[], Sequence[str]],
) -> None:
    """Draw the Take away card: link, notebook, SVG, PNG, CSV and the table twin; of a `Drawing` the whole picture, too.

    Args:
        picture: the page's main figure, or its `data-component`.
        table: column name -> values, what the picture shows; a function is called only when it is asked for. None: the
            picture's own.
        notebook: cells that compute the shown numbers again with `core` and assert them; the picture follows them.
    """
    ctx = _current.get()
    with _card("take"):
        takeaway.take_card(ctx.slug, picture, table, notebook, ctx.inputs)


def judged(*rules: Rule) -> None:
    """Say by which rules a picture passes its verdicts: behind "How judged", one click away.

    Above the foot that stands in its Code card, so that the first screen stays whole; below it, under the picture.
    """
    waiting = _rules.get()
    if waiting is None:
        st.html(opened_html(rules))
    else:
        _rules.set((*waiting, *rules))


def terms(*names: str) -> None:
    """Draw the definitions of the terms that this page uses (from app/words.py), and underline the terms themselves."""
    glossary.draw(names)


def cheatsheet(slug: str) -> None:
    """Draw what this page covers of the subject, and a link to the next page."""
    player.drawn()  # the page's state is a lesson's view by now
    with st.container(key="gb-cheatsheet", gap="small"):
        st.html(_covered(chapters.BY_SLUG[slug], spoken()))
        _lessons(slug)
        following = chapters.following(slug)
        if following:
            label = say("Next: {title}", title=say(following.title))
            st.page_link(native(following), label=label, icon=":material/arrow_forward:")


@functools.cache
def _covered(chapter: chapters.Chapter, language: str) -> str:
    """Write what a page covers of the subject as an HTML table, in the language that is spoken."""
    rows = "".join(
        f"<tr><td>{inline(cover.section)}</td><th scope='row'>{inline(say(cover.term))}</th>"
        f"<td>{inline(say(cover.shown))}</td></tr>"
        for cover in chapter.covers
    )
    label, heading = inline(say("Cheatsheet")), inline(say("On the cheatsheet"))
    return (
        f'<section class="gb-cheatsheet" aria-label="{label}"><h2>{heading}</h2>'
        f"<table><tbody>{rows}</tbody></table></section>"
    )


def _lessons(slug: str) -> None:
    """Offer the lessons that pass through this page."""
    through = {
        lesson.name: (
            lesson.title,
            next(at for at, step in enumerate(lesson.steps, 1) if step.at.slug == slug),
        )
        for lesson in library.through(slug)
    }
    if not through:
        return

    def start() -> None:
        name = str(state.widget_value("lesson.through"))
        if name in through:
            player.start(name, through[name][1])

    st.menu_button(
        say("In {lessons}", lessons=counted(len(through), "lesson")),
        list(through),
        format_func=lambda name: say(
            "{lesson}, step {step}", lesson=markup.escape(through[name][0]), step=through[name][1]
        ),
        key="lesson.through",
        type="tertiary",
        icon=":material/school:",
        on_click=state.whole(start),
    )


def examples(texts: Sequence[str]) -> None:
    """Draw example texts for the open model and for the page's claim; a click puts one into the text box."""
    ctx = _current.get()
    with ctx.slot:
        st.menu_button(
            say("Example texts"),
            list(dict.fromkeys((*choice.texts(ctx.name), *texts))),
            format_func=markup.escape,
            key="tool.example",
            on_click=state.whole(
                lambda: state.set("text", state.widget_value("tool.example") or state.get("text"))
            ),
            width="stretch",
        )


def style() -> None:
    """Insert the frame's style sheet; the router calls it once per run, before anything is drawn."""
    st.html(theme.frame(str(state.get("view"))))
