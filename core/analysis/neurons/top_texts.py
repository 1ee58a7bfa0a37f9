"""Maximally activating texts: for every neuron of a model the few windows of a sample where it fires most.

Small enough to ship with a model (`assets/neurons`), made by `scripts/top_texts.py`; a model trained here is sampled on
the spot. Two windows with the same end (the token that fires and the two before it) would be redundant, so only the
stronger is kept, and of one text only one place.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import Tensor

from core.analysis.neurons.firing import Pass, passes
from core.analysis.stacks import Stack
from core.analysis.stream.depth import blocks_of
from core.data import corpora

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "neurons"
KEPT = 5  # windows per neuron
WIDTH = 12  # tokens per window
BEFORE = 8  # tokens before the one that fires, where the text has so many
ALIKE = 3  # final tokens by which two windows count as the same
NONE = -1  # id where a window has no token


class BadTable(ValueError):
    """Raised when a file of top texts cannot be read; the message says why."""


@dataclass(frozen=True)
class Window:
    """A piece of a text with one neuron's activations along it.

    Attributes:
        ids, fired: of each token, post at it; `peak` is the index of the strongest.
        text, position: where that token stands: the text's number in the sample, and its place there.
    """

    ids: tuple[int, ...]
    fired: tuple[float, ...]
    peak: int
    text: int
    position: int


@dataclass(frozen=True)
class TopTexts:
    """L blocks of F neurons, k windows each, strongest first, W tokens wide.

    Attributes:
        ids: (L, F, k, W) int16, or int32 for a vocabulary that needs it; -1 where the window has no token.
        fired: (L, F, k, W) float16, post at each token.
        peak: (L, F, k) int8, the index in the window of the token that fires most; -1: there is no such window.
        text: (L, F, k) int32 and position: (L, F, k) int16, where that token stands in the sample.
        about: what it was made of: model, weights (see `fingerprint`), corpus, seed, texts, tokens.
    """

    ids: Array
    fired: Array
    peak: Array
    text: Array
    position: Array
    about: Mapping[str, Any] = field(default_factory=dict)

    def windows(self, layer: int, neuron: int) -> list[Window]:
        """Return the windows of one neuron, strongest first; [] for one that never fired.

        Raises:
            IndexError: no such block or neuron.
        """
        if not (0 <= layer < self.peak.shape[0] and 0 <= neuron < self.peak.shape[1]):
            raise IndexError(
                f"L{layer}N{neuron}: there are {self.peak.shape[0]} blocks of {self.peak.shape[1]}"
            )
        found = []
        for at in np.flatnonzero(self.peak[layer, neuron] >= 0):
            ids = self.ids[layer, neuron, at]
            real = ids != NONE
            found.append(
                Window(
                    tuple(ids[real].tolist()),
                    tuple(self.fired[layer, neuron, at][real].astype(float).tolist()),
                    int(self.peak[layer, neuron, at]),
                    int(self.text[layer, neuron, at]),
                    int(self.position[layer, neuron, at]),
                )
            )
        return found

    def save(self, path: Path) -> None:
        """Write one safetensors file; `about` goes into its header as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}
        save_file(arrays, path, metadata={"about": json.dumps(dict(self.about), ensure_ascii=False)})


_ARRAYS = ("ids", "fired", "peak", "text", "position")


def load(path: Path) -> TopTexts:
    """Read what `TopTexts.save` wrote.

    Raises:
        BadTable: no such file, not of that kind, or its tables do not fit each other.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in _ARRAYS}
            about = json.loads((file.metadata() or {})["about"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise BadTable(f"{path.name} holds no top texts: {error}") from error
    shape = arrays["ids"].shape
    if (
        len(shape) != 4
        or arrays["fired"].shape != shape
        or any(arrays[name].shape != shape[:3] for name in ("peak", "text", "position"))
        or not isinstance(about, dict)
    ):
        raise BadTable(f"{path.name}: its tables do not fit each other")
    return TopTexts(**arrays, about=about)


def bundled(lm: LanguageModel) -> TopTexts | None:
    """Load the table that comes with a bundled model.

    None if there is none for exactly these weights (see `fingerprint`).

    Raises:
        BadTable: the file is damaged.
    """
    path = FOLDER / f"{lm.name}.safetensors"
    if not lm.name or Path(lm.name).name != lm.name or not path.is_file():
        return None
    found = load(path)
    return found if found.about.get("weights") == fingerprint(lm) else None


def fingerprint(lm: LanguageModel) -> str:
    """Hash the feed-forward weights of all blocks, rounded to float16: SHA-256, 64 hexadecimal digits.

    The same for every device and precision that a model is loaded in; another for an earlier step of its training.
    """
    digest = hashlib.sha256()
    for path, block in blocks_of(lm.transformer):
        for name, weight in block.mlp.named_parameters():
            digest.update(f"{path}.{name}".encode())
            digest.update(weight.detach().half().cpu().numpy().tobytes())
    return digest.hexdigest()


def sample_texts(
    lm: LanguageModel, corpus: str, count: int, *, seed: int = 0, split: corpora.Split = "held_out"
) -> Iterator[list[int]]:
    """Tokenize the first `count` documents of a corpus, as the model reads a text, truncated to its context.

    Raises:
        ValueError: no such corpus or split.
    """
    documents = corpora.corpus(corpus, seed=seed, split=split)
    for document in itertools.islice(documents, count):
        ids = lm.tokenizer.encode(document, add_special_tokens=True)[: lm.config.n_ctx]
        if ids:
            yield ids


def find_top(
    lm: LanguageModel,
    texts: Iterable[Sequence[int]],
    *,
    kept: int = KEPT,
    stack: Stack | None = None,
    progress: Callable[[int], None] | None = None,
) -> TopTexts:
    """Find the windows that fire every neuron of a stack most, over some texts read one by one.

    Args:
        texts: ids, each text as the model reads one; cut at the context.
        progress: called with the number of tokens read so far.

    Raises:
        ValueError: no token at all, or no such stack (see `core.analysis.neurons.firing.firing`).
    """
    best: _Best | None = None
    tokens = 0
    for batch in passes(lm, texts, stack):
        found = _candidates(batch)
        best = found.top(kept) if best is None else best.beside(found).top(kept)
        tokens += int(batch.real.sum())
        if progress is not None:
            progress(tokens)
    if best is None:
        raise ValueError("the sample has no tokens: give at least one text")
    return best.table(small=lm.config.d_vocab <= np.iinfo(np.int16).max)


@dataclass(frozen=True)
class _Best:
    """Candidate windows, C a neuron: value, text, position and peak (L, C, F), ids and fired (L, C, F, W)."""

    value: Tensor
    text: Tensor
    position: Tensor
    peak: Tensor
    ids: Tensor
    fired: Tensor
    ending: Tensor  # (L, C, F): a number for the last tokens up to the peak

    def beside(self, other: _Best) -> _Best:
        """Concatenate the candidates of both."""
        return _Best(*(torch.cat([mine, theirs], dim=1) for mine, theirs in zip(self._all(), other._all())))

    def top(self, kept: int) -> _Best:
        """Select the `kept` strongest candidates per neuron that fire and whose end differs from stronger ones.

        Where there are not so many, the rest have the value -inf. Of equals the earlier text comes first.
        """
        value = self.value.masked_fill(self.value <= 0, -torch.inf)  # (L, C, F)
        places, values = [], []
        for _ in range(kept):
            place = value.argmax(dim=1, keepdim=True)  # (L, 1, F)
            places.append(place)
            values.append(value.gather(1, place))
            value = value.masked_fill(self.ending == self.ending.gather(1, place), -torch.inf)
        picked = self._pick(torch.cat(places, dim=1))
        return _Best(torch.cat(values, dim=1), *picked._all()[1:])

    def table(self, *, small: bool) -> TopTexts:
        """Convert to NumPy, neurons before windows."""
        fires = self.value > -torch.inf  # (L, C, F)

        def out(value: Tensor, fill: int, kind: Any) -> Array:
            shown = value.where(fires if value.ndim == 3 else fires[..., None], fill)
            return shown.movedim(1, 2).cpu().numpy().astype(kind)  # (L, F, C, ...)

        return TopTexts(
            ids=out(self.ids, NONE, np.int16 if small else np.int32),
            fired=out(self.fired.clamp(-65504, 65504), 0, np.float16),
            peak=out(self.peak, NONE, np.int8),
            text=out(self.text, NONE, np.int32),
            position=out(self.position, NONE, np.int16),
        )

    def _pick(self, places: Tensor) -> _Best:
        return _Best(
            *(
                part.take_along_dim(places if part.ndim == 3 else places[..., None], dim=1)
                for part in self._all()
            )
        )

    def _all(self) -> tuple[Tensor, ...]:
        return self.value, self.text, self.position, self.peak, self.ids, self.fired, self.ending


def _candidates(batch: Pass) -> _Best:
    """Find for each text and neuron the position of the maximum, with the window around it."""
    lengths = batch.real.sum(1)  # (B,)
    value, position = batch.post.masked_fill(~batch.real[:, :, None], -torch.inf).max(
        dim=2
    )  # (L, B, F) twice
    row = torch.arange(len(batch.numbers), device=value.device)[None, :, None].expand_as(position)
    first = torch.minimum(position - BEFORE, lengths[:, None] - WIDTH).clamp(min=0)  # (L, B, F)
    places = first[..., None] + torch.arange(WIDTH, device=value.device)  # (L, B, F, W)
    inside = places < lengths[row][..., None]
    places = places.where(inside, 0)
    layer = torch.arange(len(value), device=value.device)[:, None, None, None]
    neuron = torch.arange(value.shape[2], device=value.device)[None, None, :, None]
    fired = batch.post[layer, row[..., None], places, neuron]  # (L, B, F, W)
    ending = torch.zeros_like(position)
    for back in range(ALIKE):
        at = position - back
        token = batch.ids[row, at.clamp(min=0)].where(at >= 0, NONE)
        ending = ending * 1_000_003 + token + 1
    numbers = torch.tensor(batch.numbers, device=value.device)
    return _Best(
        value=value.float(),
        text=numbers[row],
        position=position,
        peak=position - first,
        ids=batch.ids[row[..., None], places].where(inside, NONE),
        fired=fired.float().where(inside, 0.0),
        ending=ending,
    )
