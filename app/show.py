"""Pictures outside of the app: in a notebook, a slide, a course page, a file.

    import core
    from app import show

    lm = core.load("tales-gpt")
    text = "A red ball was lost. She found the red"
    show.attention(lm, text, layer=3, head=2, row=10, step="softmax")  # in a cell: the picture
    show.home(lm, text).save("ball.html")  # one file, which asks for nothing
    show.page([show.attention(lm, text, head=head) for head in range(4)])  # four in one document
    show.link("/attention?block=3&head=2&step=8")  # what a page's link shows

A function a picture, named as its page. A page that shows models of its own takes none: `show.scaling(withheld=3)`. No
Streamlit in here, nor in anything that this reaches.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib import import_module
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from app import chapters, reading
from app.kit.figures import Asked, Drawing, Figure
from app.outside.documents import Page, Picture
from app.session.fields import BY_KEY, FIELDS, parse
from core import real

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def page(
    pictures: Sequence[Picture] | Mapping[str, Picture], *, title: str | None = None, theme: str | None = None,
    live: str | None = None,
) -> Page:  # fmt: skip
    """Put several pictures into one document, in which they share the code that draws them.

    Args:
        pictures: in a list, or by a heading for each.
        title: of the document; None: those of the pictures.
        theme, live: as in the functions of the pictures.

    Raises:
        TypeError: no list of pictures.
    """
    return Page(pictures, title, theme, live)


def link(
    address: str,
    *,
    theme: str | None = None,
    live: str | None = None,
    strict: bool = False,
    folders: Mapping[str, Path] | None = None,
) -> Picture:
    """Draw what a page's link shows: show.link("/attention?block=3&head=2&step=8").

    The model is loaded by the name in the link, as the app and `core.load` do. What of a link does not fit is
    changed as the page would change it, with a warning.

    Args:
        address: with or without the server's own.
        theme, live: as in the functions of the pictures.
        strict: refuse a parameter that the page would change.
        folders: the folders of models, by the names that links give them.

    Raises:
        ValueError: the page's picture does not stand alone; with `strict`, a parameter that does not fit.
        core.checkpoints.CheckpointError: there is no such model.
    """
    from core.catalogue import load

    parts = urlsplit(address)
    last = parts.path.rstrip("/").rpartition("/")[2]
    at_root = not last or (parts.path.endswith("/") and last not in chapters.BY_SLUG)  # "https://.../school/"
    name = "home" if at_root else last
    shown = {key: one for key, one in globals().items() if isinstance(one, Show)}
    if name not in shown:
        raise ValueError(f"/{name} is no page whose picture stands alone. These are: {', '.join(shown)}.")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    keys = [key for key, _ in pairs]
    read = parse(dict(pairs), [key for key in dict.fromkeys(keys) if keys.count(key) > 1])
    if strict and read.notes:
        raise ValueError(read.notes[0])
    for note in read.notes:
        warnings.warn(note, stacklevel=2)
    values = {field.key: field.default for field in FIELDS} | read.values
    figure, text = shown[name].figure, str(values["text"])
    given = {key: key for key in read.values} if strict else {}
    if not figure.model:
        asked = _alone(figure, text, values, {}, clips=True)
    else:
        moment, model = int(values["snapshot"]), str(values["model"])
        lm = load((folders or {}).get(model, model), snapshot=None if moment < 0 else moment)
        asked = _asked(figure, lm, text, str(values["target"]), values, {}, clips=True)
    drawing = figure.of(replace(asked, given=given))
    if strict:
        _check_shown(drawing)
    return Picture(drawing, theme, live)


def _check_shown(drawing: Drawing[Any]) -> None:
    """Raise ValueError if the picture shows another value of a field than the link has."""
    asked = drawing.asked
    for key, value in drawing.figure.select(drawing.seen).items():
        field = BY_KEY.get(key)
        if field and key in asked.given and value != asked.values[key] != field.default:
            shown = field.name(value)
            raise ValueError(
                f"{key}={field.render(asked.values[key])} does not fit here: {shown} would be shown."
            )


class Show:
    """A function that draws one page's picture."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name

    @cached_property
    def figure(self) -> Figure[Any]:
        """What the page says of its picture; a page is not imported before somebody asks for its picture."""
        found: Figure[Any] = import_module(f"pages.{self.__name__}.export").FIGURE
        return found

    @property
    def __doc__(self) -> str:  # type: ignore[override]  # of an instance: what help() prints
        title = chapters.BY_SLUG[self.__name__].title
        lines = [f"    {word}: {allowed}" for word, allowed in self.explained.items()]
        return "\n".join([f"Draw the picture of the page {title}.", "", *lines])

    @property
    def explained(self) -> dict[str, str]:
        """What it takes by name, and which values each argument allows."""
        figure = self.figure
        text = {"text": "what its models read"} if figure.text and not figure.model else {}
        return {
            **text,
            **{one.word: _allowed(one.key) for one in figure.arguments},
            **{word: one.says for word, one in figure.takes.items()},
            "theme": "light, dark, or the reader's own",
            "live": "address of a running Glassbox, to which the picture links",
        }

    @property
    def __signature__(self) -> Signature:
        figure = self.figure
        words = [*(one.word for one in figure.arguments), *figure.takes, "theme", "live"]
        first = []
        if figure.model:
            first = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in ("lm", "text")]
            words.insert(0, "target")
        elif figure.text:
            first = [Parameter("text", Parameter.KEYWORD_ONLY, default=figure.sample)]
        return Signature([*first, *(Parameter(word, Parameter.KEYWORD_ONLY, default=None) for word in words)])

    def __call__(
        self,
        lm: LanguageModel | None = None,
        text: str | None = None,
        *,
        target: str | None = None,
        theme: str | None = None,
        live: str | None = None,
        **arguments: Any,
    ) -> Picture:
        """Draw the picture of a text as the model reads it.

        Args:
            lm: what `core.load` returns; a picture of models of its own takes none.
            text: a picture of models of its own takes it by its name, or not at all.
            target: an encoder-decoder's target text so far; without one, a small model writes it itself.
            theme: "light" or "dark"; None: that of the page around, else what the reader's system prefers.
            live: address of a running app, "https://...", to whose page the picture links; None: that of GLASSBOX_LIVE.
            arguments: what is chosen, by the words that `help` lists; Training lab takes a curve and moments, too.

        Raises:
            TypeError: an argument that the picture does not take, or no model or text where it takes one.
            ValueError: a value that does not fit, named as in a page's link; a text that is empty or too long.
        """
        figure = self.figure
        handed = {word: arguments.pop(word) for word in figure.takes if word in arguments}
        values, given = figure.values(arguments)
        if figure.model:
            asked = _asked(figure, lm, text, target, values, given)
            objects = {word: figure.takes[word].read(one) for word, one in handed.items() if one is not None}
            return Picture(figure.of(replace(asked, objects=objects)), theme, live)
        if lm is not None or target is not None:
            raise TypeError(
                f"show.{figure.name} takes no model: its picture is of models of its own. What it takes goes by its "
                f"name: {', '.join(self.__signature__.parameters)}."
            )
        if text is not None and not figure.text:
            raise TypeError(f"show.{figure.name} takes no text.")
        asked = _alone(figure, figure.sample if text is None else text, values, given)
        return Picture(figure.of(asked), theme, live)


def _allowed(key: str) -> str:
    """Say what a field allows."""
    field = BY_KEY[key]
    if field.kind == "choice":
        return ", ".join(field.choices)
    return {"int": "a whole number", "float": "a number", "bool": "True or False", "text": "a text"}[
        field.kind
    ]


@lru_cache(maxsize=4)
def _loaded(name: str) -> LanguageModel:
    """Load a model of a page's own, once."""
    import core

    return core.load(name)


@lru_cache(maxsize=16)
def _moment(name: str, step: int) -> LanguageModel:
    """Load a model at a step of its training, once; -1: finished."""
    import core

    return core.load(name, snapshot=None if step < 0 else step)


@lru_cache(maxsize=64)
def _beside(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Compute with a model of a page's own, once; what it returns is only read."""
    return function(_loaded(name), *arguments)


def _alone(
    figure: Figure[Any], text: str, values: Mapping[str, Any], given: Mapping[str, str], clips: bool = False
) -> Asked:
    """Ask for a picture of models of its own; an empty text is refused, or where it `clips` replaced by the sample."""
    if not isinstance(text, str):
        raise TypeError(f"show.{figure.name}: text={text!r} is not a text.")
    if not text.strip() and not clips:
        raise ValueError("The text is empty.")
    text, note = reading.clean(text if text.strip() else figure.sample)
    if note:
        warnings.warn(note, stacklevel=3)
    return Asked(None, text, None, values, "", "", "", _beside, _beside, _beside, _loaded, given, _warn).alone


def _asked(
    figure: Figure[Any], lm: LanguageModel | None, text: str | None, target: str | None, values: Mapping[str, Any],
    given: Mapping[str, str], clips: bool = False,
) -> Asked:  # fmt: skip
    """Read the texts as the figure's page does, but refuse what it would shorten or replace, unless it `clips`."""
    if lm is None or not hasattr(lm, "trace") or not isinstance(text, str):
        raise TypeError(f"show.{figure.name} takes a model that core.load returns, and a text.")
    both = lm.config.shape == "encoder-decoder"
    for key in ("stack", "attention"):
        if key in given and not both:
            raise ValueError(
                f"{given[key]}={values[key]!r}: only a model with an encoder and a decoder has two."
            )
    if target and not both and not clips:
        raise ValueError("target: only a model with an encoder and a decoder has one.")
    if not lm.tokenizer.encode(reading.clean(text)[0], add_special_tokens=False) and not clips:
        raise ValueError("The text is empty, or has nothing that this model reads.")
    room = figure.room if lm.config.shape == "decoder" else 0
    read = reading.read(lm, text, figure.sample, figure.longest, room)
    if read.clipped and not clips:
        raise ValueError(
            f"The text is longer than the {read.limit} tokens that fit: its {read.kept} {len(read.text)} characters "
            "would."
        )
    aim, said = reading.read_target(lm, target or "", figure.longest) if both else (None, ())
    for note in (*read.notes, *said):
        warnings.warn(note, stacklevel=3)

    def computed(function: Callable[..., Any], *more: Any) -> Any:
        return function(lm, *more)

    def rewound(step: int, function: Callable[..., Any], *more: Any) -> Any:
        return function(_moment(lm.name, step), *more)

    if both and not aim and figure.writes and values["stack"] == "decoder":
        most = reading.rows_to_write(lm, figure.longest)
        aim = reading.write(lm, read.text, most) if most else ""
    name = _model_name(lm.name)
    return Asked(
        lm, read.text, aim, values, name, real.title(name.removeprefix("./")), lm.name, computed, computed, _beside,
        _loaded, given, _warn, rewound,
    )  # fmt: skip


def _model_name(name: str) -> str:
    """Return a model's name; of a model in a folder, the folder's name as the app writes it, without the path."""
    is_folder = name.startswith(("/", "./", "../")) or ("/" in name and Path(name).is_dir())
    if not is_folder:
        return name
    path = Path(name).resolve()
    return f"./{path.parents[1].name if path.parent.name == 'snapshots' else path.name}"


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)


home = Show("home")
attention = Show("attention")
multi_head = Show("multi_head")
loss = Show("loss")
norm_residual = Show("norm_residual")
positions = Show("positions")
feed_forward = Show("feed_forward")
decoding = Show("decoding")
break_it = Show("break_it")
regularization = Show("regularization")
interpretability = Show("interpretability")
scaling = Show("scaling")
fine_tuning = Show("fine_tuning")
multimodal = Show("multimodal")
applications = Show("applications")
adaptability = Show("adaptability")
embeddings = Show("embeddings")
objectives = Show("objectives")
compute = Show("compute")
families = Show("families")
tokenization = Show("tokenization")
optimizers = Show("optimizers")
bias = Show("bias")
models = Show("models")
efficiency = Show("efficiency")
lab = Show("lab")
