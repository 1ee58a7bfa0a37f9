"""A picture as a widget of a notebook: Python hears what is chosen in it, and may choose.

It needs anywidget, which is an extra: `app.show` imports this when a widget is asked for. No Streamlit in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import anywidget
import traitlets

from app.kit import modules
from app.kit.figures import Drawing
from app.outside import standalone
from app.session.fields import BY_KEY

# anywidget takes one module, so what the script imports is written before it.
SCRIPT = modules.sources()[standalone.AROUND] + modules.IMPORT.sub("", modules.sources()[standalone.WIDGET])


class PictureWidget(anywidget.AnyWidget):
    """A picture whose `selection` follows what is chosen in it; setting `selection` moves the picture.

    widget.observe(lambda change: print(widget.selection), "chosen") hears every choice.

    Attributes:
        chosen: the selection as the browser holds it, by the page's fields.
    """

    _esm = SCRIPT
    document = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    sandbox = traitlets.Unicode().tag(sync=True)
    tall = traitlets.Int().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)

    def __init__(self, drawing: Drawing[Any], document: str, part: standalone.Part) -> None:
        self._figure, self._seen = drawing.figure, drawing.seen
        self._asked = replace(
            drawing.asked, call=_remembered(drawing.asked.call), share=_remembered(drawing.asked.share)
        )
        chosen = dict(drawing.figure.select(drawing.seen))
        self._words = {one.word: one for one in drawing.figure.arguments if one.key in chosen}
        super().__init__(
            document=document, title=part.title, sandbox=standalone.allowed([part]), tall=drawing.figure.tall,
            chosen=chosen,
        )  # fmt: skip

    @property
    def selection(self) -> dict[str, Any]:
        """What is chosen, by the words of the picture's function: {"row": 10, "step": "softmax"}; None: no step.

        Setting it leaves what it does not name. To see whether a value fits, the first setting runs the model again.

        Raises:
            ValueError: a word that the picture does not take, or a value that does not fit.
        """
        found = {}
        for word, one in self._words.items():
            value: Any = self.chosen.get(one.key)
            field = BY_KEY[one.key]
            whole = value is None or (field.steps and value == field.default)
            found[word] = None if whole else one.written(value, self._seen)
        return found

    @selection.setter
    def selection(self, wanted: Mapping[str, Any]) -> None:
        held = {self._key(word): self._held(word, value) for word, value in wanted.items()}
        given = {self._key(word): word for word, value in wanted.items() if value is not None}
        fields = {key: value for key, value in {**self.chosen, **held}.items() if key in BY_KEY}
        self._figure.see(replace(self._asked, values={**self._asked.values, **fields}, given=given))
        self.chosen = {**self.chosen, **held}

    def _key(self, word: str) -> str:
        if word not in self._words:
            raise ValueError(f"selection takes no {word!r}; it takes {', '.join(self._words)}.")
        return self._words[word].key

    def _held(self, word: str, value: Any) -> Any:
        """Return the field's value of a word's."""
        one = self._words[word]
        if value is None:
            return BY_KEY[one.key].default
        read = one.read(value)
        if one.names is None or not isinstance(read, str):
            return read
        names = list(one.names(self._seen))
        if read not in names:
            raise ValueError(f"{word}={read!r} is not one of {', '.join(names)}.")
        return names.index(read)


def _remembered(call: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what a function of a drawing computed: what a picture chooses among asks for the same again."""
    kept: dict[Any, Any] = {}

    def ask(function: Callable[..., Any], *arguments: Any) -> Any:
        key = (function, arguments)
        try:
            hash(key)
        except TypeError:
            return call(function, *arguments)
        if key not in kept:
            kept[key] = call(function, *arguments)
        return kept[key]

    return ask
