"""The captioner: patches of an image and the words of its caption as one sequence of one transformer.

Each patch of 3 x 3 pixels becomes a vector by one linear map, and the 32 of them stand before the words. Patches see
each other; a word sees all patches and the words before it. So the same attention that lets a word read an earlier word
lets it read the image (as in Tsimpoukelli et al. 2021, section 3, "visual prefix", and Liu et al. 2023, section 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import hooks
from core.config import ModelConfig
from core.hooks import HookPoint
from core.model.initial import initialise
from core.model.kv_cache import KVCache
from core.model.part import Part
from core.model.transformer import Transformer
from core.multimodal import captions, patches
from core.multimodal.captions import END, IDS, LONGEST, START, WORDS
from core.multimodal.scenes import HEIGHT, WIDTH

PATCHES = (HEIGHT // patches.SIDE) * (WIDTH // patches.SIDE)  # 32 patches
ROWS, COLUMNS = HEIGHT // patches.SIDE, WIDTH // patches.SIDE  # grid of patches: 4, 8
_WAVES = 0.42  # amplitude of the initial position waves: a spread of 0.3, like that of the words


def configuration(n_layers: int = 4, d_model: int = 96, n_heads: int = 4) -> ModelConfig:
    """Build a captioner's configuration: a decoder of the small fast recipe (`core.config`) with learned positions.

    A patch's place in the row means a place on the sheet.
    """
    return ModelConfig(
        n_layers=n_layers,
        d_model=d_model,
        n_heads=n_heads,
        d_vocab=len(WORDS),
        n_ctx=PATCHES + LONGEST + 2,
        position="learned",
        norm="rms",
        norm_eps=1e-6,
        norm_bias=False,
        embed_norm=True,
        qk_norm=True,
        act="relu_squared",
        qkv_bias=False,
        out_bias=False,
        mlp_bias=False,
        tied_embeddings=False,
        bos_id=IDS[START],
        eos_ids=(IDS[END],),
    )


class PatchEmbed(Part):
    """The embedding of a patch: x W_P + b_P, with x its pixels."""

    def __init__(self, pixels: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_model, pixels))
        self.b_P = nn.Parameter(torch.zeros(d_model))

    @property
    def W_P(self) -> Tensor:
        """(pixels, D)"""
        return self.weight.T

    def forward(self, x: Tensor) -> Tensor:  # (B, N, pixels) -> (B, N, D)
        return F.linear(x, self.weight, self.b_P)


class Seeing(Transformer):
    """A transformer that reads an image before its tokens.

    Args:
        config: of the stack.   side: of a patch, in pixels.   logits: see `Transformer`.
    """

    def __init__(self, config: ModelConfig, side: int = patches.SIDE, *, logits: bool = True) -> None:
        super().__init__(config, logits=logits)
        self.side = side
        self.patch_embed = PatchEmbed(side * side, config.d_model)
        self.hook_patch_embed = HookPoint()  # (B, N, D)
        self.hook_names = hooks.name_hooks(self)
        self._known_hooks = frozenset(self.hook_names)

    def see(self, images: Tensor) -> Tensor:
        """Embed the patches of images (B, height, width): (B, N, D)."""
        return self.hook_patch_embed(self.patch_embed(patches.cut(images, self.side)))

    def read(self, images: Tensor, ids: Tensor, cache: KVCache | None = None) -> Tensor:
        """Compute the output at the patches and at ids (B, T): (B, N + T, V)."""
        return self(ids, prefix=self.see(images.to(self.patch_embed.weight.dtype)), cache=cache)


def first_seeing(seed: int, config: ModelConfig | None = None) -> Seeing:
    """Build a captioner's transformer before training: random weights, except for the patches' positions.

    Those begin as sine and cosine waves of column and of row (Vaswani et al. 2017, section 3.5, in two directions), so
    that "the patch to the right" and "further down" need not be found first. They are learned like the rest.
    """
    model = Seeing(config or configuration())
    initialise(model, model.config, seed)
    width = model.config.d_model
    rates = torch.logspace(math.log10(math.pi / 12), math.log10(math.pi), width // 4)  # radians a patch
    at = torch.arange(PATCHES)
    turned = [place[:, None] * rates for place in (at % COLUMNS, at // COLUMNS)]  # (N, D / 4) twice
    waves = torch.cat([wave for turn in turned for wave in (turn.sin(), turn.cos())], dim=1)
    assert model.pos_embed is not None
    with torch.no_grad():
        model.pos_embed.W_pos[:PATCHES, : waves.shape[1]] = waves * _WAVES
    return model


@dataclass(frozen=True)
class Captioned:
    """The captioner's caption of one image, word by word. W words, with the end of the caption as the last.

    Attributes:
        words: as written; the last is "</s>", unless the caption grew too long.   ids: (W,) int64.
        chances: (W,) the probability of each, when its turn came.
        probabilities: (W, V) of every word of the vocabulary (`captions.WORDS`) at each turn.
        pattern: (L, H, W, N) the attention from the place that wrote each word to each patch. What is missing to 1
            went to the words before.
        to_words: (L, H, W, W) the same to the start (column 0) and the words before.
    """

    words: tuple[str, ...]
    ids: Tensor
    chances: Tensor
    probabilities: Tensor
    pattern: Tensor
    to_words: Tensor

    @property
    def text(self) -> str:
        """The caption, with its commas."""
        return captions.said(self.ids.tolist())

    @property
    def parts(self) -> captions.Parts | None:
        """The parsed caption, or None where the words are no caption."""
        try:
            return captions.parse(self.text)
        except captions.CaptionError:
            return None

    @property
    def log_chance(self) -> float:
        """The log-probability of the whole caption, in nats."""
        return float(self.chances.double().log().sum())


class Captioner:
    """A model that writes captions. Read-only once loaded (see `core.multimodal.shipped`).

    Attributes:
        model: the transformer; its hook names are those of a decoder, over 32 patches and then the words.
    """

    def __init__(self, model: Seeing, name: str = "captioner") -> None:
        self.model, self.name = model.eval(), name

    @classmethod
    def drawn(cls, seed: int = 0, config: ModelConfig | None = None) -> Captioner:
        """Build an untrained one, its weights drawn from a seed."""
        return cls(first_seeing(seed, config), "untrained")

    @property
    def config(self) -> ModelConfig:
        """The shape of its transformer."""
        return self.model.config

    @property
    def n_parameters(self) -> int:
        """How many numbers it has learned."""
        return sum(weight.numel() for weight in self.model.parameters())

    @torch.inference_mode()
    def write(self, images: Tensor) -> Tensor:
        """Caption many images (B, 12, 24) greedily: ids (B, 10), -1 after the end."""
        count = len(images)
        cache = KVCache()
        ids = torch.full((count, LONGEST + 1), -1)
        new = torch.full((count, 1), IDS[START])
        going = torch.ones(count, dtype=torch.bool)
        for turn in range(LONGEST + 1):
            if turn == 0:
                logits = self.model.read(images, new, cache)
            else:
                logits = self.model(new, cache=cache)
            chosen = logits[:, -1].argmax(-1)
            ids[going, turn] = chosen[going]
            going &= chosen != IDS[END]
            if not going.any():
                break
            new = chosen[:, None]
        return ids

    def caption(self, image: Tensor) -> Captioned:
        """Caption one image (12, 24) greedily."""
        ids = self.write(image[None])[0]
        return self._told(image, ids[ids >= 0])

    def score(self, image: Tensor, words: tuple[str, ...] | str) -> Captioned:
        """Compute the likelihood of a caption's text, or its words, for an image (12, 24).

        The end of the caption is scored with them.

        Raises:
            CaptionError: a text that is no caption.
            ValueError: words that are not in the vocabulary, or more than `captions.LONGEST`.
        """
        if isinstance(words, str):
            words = captions.words_of(captions.parse(words))
        if unknown := [word for word in words if word not in IDS or word == START]:
            raise ValueError(f"{unknown[0]!r} is not among the words of captions: {', '.join(WORDS[2:])}")
        ids = [IDS[word] for word in words if word != END]
        if len(ids) > LONGEST:
            raise ValueError(f"{len(ids)} words are more than the longest caption has: {LONGEST}")
        return self._told(image, torch.tensor([*ids, IDS[END]]))

    @torch.inference_mode()
    def _told(self, image: Tensor, ids: Tensor) -> Captioned:
        """Run one pass over the image and the words `ids` (W,), with the attention kept."""
        # (W,) the inputs: the word before each word
        before = torch.cat([torch.tensor([IDS[START]]), ids[:-1]])
        names = [f"blocks.{layer}.attn.hook_pattern" for layer in range(self.config.n_layers)]
        with hooks.recording(names, batch_axis=False) as seen:
            logits = self.model.read(image[None], before[None])[0, PATCHES:]  # (W, V)
        probabilities = logits.float().softmax(-1)
        pattern = torch.stack([seen[name][:, PATCHES:] for name in names]).float()  # (L, H, W, N + W)
        return Captioned(
            words=tuple(WORDS[id] for id in ids.tolist()),
            ids=ids,
            chances=probabilities.gather(-1, ids[:, None])[:, 0],
            probabilities=probabilities,
            pattern=pattern[..., :PATCHES],
            to_words=pattern[..., PATCHES:],
        )

    @torch.inference_mode()
    def log_chances(self, images: Tensor, ids: Tensor) -> Tensor:
        """Compute the log-probability of each word of one caption, ids (W,), for each of many images (B, 12, 24):
        (B, W)."""
        before = torch.cat([torch.tensor([IDS[START]]), ids[:-1]])
        logits = self.model.read(images, before.expand(len(images), -1))[:, PATCHES:]  # (B, W, V)
        chosen = ids.expand(len(images), -1)[..., None]
        return logits.float().log_softmax(-1).gather(-1, chosen)[..., 0]


def numbers(written: Tensor) -> Tensor:
    """Convert ids (B, 10) of `Captioner.write` to caption numbers: (B,), -1 where they are no caption."""
    table = captions.table()[:, 1:]  # (990, 10)
    base = len(WORDS) + 1
    powers = torch.tensor([pow(base, at, 2**61 - 1) for at in range(table.shape[1])])
    keys, order = ((table + 1) * powers).sum(-1).sort()
    wanted = ((written + 1) * powers).sum(-1)
    at = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    found = order[at]
    return torch.where((table[found] == written).all(-1), found, -1)


def loss(model: Seeing, images: Tensor, caption_numbers: Tensor) -> Tensor:
    """Compute the mean cross-entropy of the captions' words and ends, in nats.

    Args:
        images: (B, 12, 24).   caption_numbers: (B,), see `captions.number_of`.
    """
    ids = captions.table()[caption_numbers]  # (B, 11)
    longest = int((ids >= 0).sum(-1).max())
    ids = ids[:, :longest]
    logits = model.read(images, ids[:, :-1].clamp(min=0))[:, PATCHES:]  # (B, T, V)
    return F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), ignore_index=-1)
