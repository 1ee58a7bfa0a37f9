"""Published models: the figures of their papers as data, and our parameter counts from those.

A figure that a paper does not give is not here. Where a size of the released file is needed to count weights (a
vocabulary, the number of heads), the file's is taken, and the record says so. Sources: `Family.source`, `Size.where`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.config import ModelConfig, Shape
from core.costs import parameters
from core.messages import mark

M, B = 10**6, 10**9


@dataclass(frozen=True)
class Size:
    """One published model of a family.

    config: from which weights are counted; its vocabulary is the released file's.
    published: the number of weights as its authors gave it, to the nearest `unit`. where: where they did.
    note: why our count is not that figure; "" where rounding is all. hub: owner/name of the weights; "": not to be had.
    """

    name: str
    config: ModelConfig
    published: int
    unit: int
    where: str
    note: str = ""
    hub: str = ""

    @property
    def parameters(self) -> int:
        """The number of weights by `core.costs.parameters`, shared ones counted once."""
        return parameters(self.config)

    @property
    def agrees(self) -> bool:
        """Whether our count, rounded as the published figure is, is that figure."""
        return abs(self.parameters - self.published) <= self.unit / 2

    @property
    def difference(self) -> float:
        """Our count over the published figure, minus 1."""
        return self.parameters / self.published - 1


@dataclass(frozen=True)
class Family:
    """The models published under one name. `sizes` is empty where their authors did not publish any (`unpublished`)."""

    name: str
    shape: Shape
    maker: str
    year: int
    month: int
    source: str
    data: str
    objective: str
    key: str
    weights: str
    sizes: tuple[Size, ...] = ()
    unpublished: tuple[str, ...] = ()

    @property
    def date(self) -> float:
        """The first publication by paper or announcement, to the month, in years: January 2018 is 2018.0."""
        return self.year + (self.month - 1) / 12


# ---------------------------------------------------------------- configurations


def gpt(layers: int, d_model: int, heads: int, context: int, vocabulary: int = 50_257) -> ModelConfig:
    """Build GPT-2 and GPT-3 (Brown et al. 2020, section 2.1: the architecture of GPT-2): pre-norm, learned
    positions."""
    return ModelConfig(
        n_layers=layers, d_model=d_model, n_heads=heads, n_ctx=context, d_vocab=vocabulary, act="gelu_tanh"
    )


def bert(layers: int, d_model: int, heads: int, **changes: Any) -> ModelConfig:
    """Build BERT (Devlin et al. 2019, section 3) with its masked-LM head; RoBERTa and DistilBERT are variants of it."""
    values: dict[str, Any] = {
        "shape": "encoder", "n_layers": layers, "d_model": d_model, "n_heads": heads, "d_vocab": 30_522,
        "n_ctx": 512, "n_token_types": 2, "norm_placement": "post", "norm_eps": 1e-12, "embed_norm": True,
        "final_norm": False, "act": "gelu", "unembed_bias": True, "mlm_head": True,
    }  # fmt: skip
    return ModelConfig(**{**values, **changes})


def t5(layers: int, d_model: int, heads: int, d_mlp: int, d_head: int = 64) -> ModelConfig:
    """Build T5 1.0 (Raffel et al. 2020, section 2.1): equal stacks, RMS norm, no biases, one shared table."""
    return ModelConfig(
        shape="encoder-decoder", n_layers=layers, d_model=d_model, n_heads=heads, d_head=d_head, d_mlp=d_mlp,
        d_vocab=32_128, n_ctx=512, position="relative", norm="rms", norm_bias=False, norm_eps=1e-6, act="relu",
        scale_scores=False, qkv_bias=False, out_bias=False, mlp_bias=False, logit_scale=d_model**-0.5,
    )  # fmt: skip


def bart(layers: int, d_model: int, heads: int) -> ModelConfig:
    """Build BART (Lewis et al. 2020, section 2.1): post-norm, learned positions that begin at row 2, GELU."""
    return ModelConfig(
        shape="encoder-decoder", n_layers=layers, d_model=d_model, n_heads=heads, d_vocab=50_265, n_ctx=1024,
        position_offset=2, norm_placement="post", embed_norm=True, final_norm=False, act="gelu",
    )  # fmt: skip


_ROBERTA: dict[str, Any] = {"d_vocab": 50_265, "position_offset": 2, "n_token_types": 1, "norm_eps": 1e-5}
_GPT = gpt(12, 768, 12, 512, vocabulary=40_478).replace(norm_placement="post", final_norm=False)

_LISTED = mark("list of released models")  # in the authors' repository


def corrected(millions: int) -> str:
    """Return the note on the paper's counts in the README of the released GPT-2."""
    return {
        124: mark("Its authors later called the paper’s count wrong, and this file 124M."),
        355: mark("Its authors later called the paper’s count wrong, and this file 355M."),
        774: mark("Its authors later called the paper’s count wrong, and this file 774M."),
        1558: mark("Its authors later called the paper’s count wrong, and this file 1558M."),
    }[millions]


FAMILIES: tuple[Family, ...] = (
    Family(
        "GPT", "decoder", "OpenAI", 2018, 6, "Radford et al. 2018",
        mark("BooksCorpus: over 7,000 unpublished books"),
        mark("the next token; then each task by fine-tuning"),
        mark("One decoder, pretrained once and fine-tuned for twelve tasks."),
        mark("published, MIT"),
        (Size("", _GPT, 117 * M, M, mark("Radford et al. 2019, table 2"), hub="openai-community/openai-gpt"),),
    ),
    Family(
        "BERT", "encoder", "Google", 2018, 10, "Devlin et al. 2019",
        mark("BooksCorpus (800 million words) and English Wikipedia (2,500 million)"),
        mark("15 % of the tokens, hidden; and whether two sentences follow each other"),
        mark("Every token sees both sides, in every block."),
        mark("published, Apache 2.0"),
        (
            Size("base", bert(12, 768, 12), 110 * M, 10 * M, mark("section 3"), hub="google-bert/bert-base-uncased"),
            Size("large", bert(24, 1024, 16), 340 * M, 10 * M, mark("section 3"), hub="google-bert/bert-large-uncased"),
        ),
    ),
    Family(
        "GPT-2", "decoder", "OpenAI", 2019, 2, "Radford et al. 2019",
        mark("WebText: 8 million pages that Reddit users linked, 40 GB"),
        mark("the next token, and nothing else"),
        mark("Tasks without fine-tuning: the text before says what is wanted."),
        mark("published, modified MIT"),
        (
            Size("small", gpt(12, 768, 12, 1024), 117 * M, M, mark("table 2"), corrected(124), "openai-community/gpt2"),
            Size(
                "XL", gpt(48, 1600, 25, 1024), 1542 * M, M, mark("table 2"), corrected(1558),
                "openai-community/gpt2-xl",
            ),
        ),
    ),
    Family(
        "RoBERTa", "encoder", "Facebook AI", 2019, 7, "Liu et al. 2019",
        mark("five English corpora, over 160 GB"),
        mark("hidden tokens, drawn anew each time; no question about sentences"),
        mark("BERT’s shape, trained longer, on more, in larger batches."),
        mark("published, MIT"),
        (
            Size("base", bert(12, 768, 12, **_ROBERTA), 125 * M, M, _LISTED, hub="FacebookAI/roberta-base"),
            Size(
                "large", bert(24, 1024, 16, **_ROBERTA), 355 * M, M, mark("section 5"), hub="FacebookAI/roberta-large",
            ),
        ),
    ),
    Family(
        "DistilBERT", "encoder", "Hugging Face", 2019, 10, "Sanh et al. 2019",
        mark("that of BERT"),
        mark("hidden tokens, BERT’s own probabilities for them, and its hidden states"),
        mark("Half of BERT’s blocks, taught by BERT."),
        mark("published, Apache 2.0"),
        (
            Size(
                "", bert(6, 768, 12, n_token_types=0), 66 * M, M, mark("table 3"),
                mark("We count the masked-word head, too; without it there are 66.4M."),
                "distilbert/distilbert-base-uncased",
            ),
        ),
    ),
    Family(
        "T5", "encoder-decoder", "Google", 2019, 10, "Raffel et al. 2020",
        mark("C4: about 750 GB of cleaned English web pages"),
        mark("hidden spans, 15 % of the tokens; and tasks as text with a prefix"),
        mark("Every task is text in, text out."),
        mark("published, Apache 2.0"),
        (
            Size("small", t5(6, 512, 8, 2048), 60 * M, 10 * M, mark("section 3.7"), hub="google-t5/t5-small"),
            Size("base", t5(12, 768, 12, 3072), 220 * M, 10 * M, mark("section 3.1.2"), hub="google-t5/t5-base"),
            Size(
                "large", t5(24, 1024, 16, 4096), 770 * M, 10 * M, mark("section 3.7"),
                mark("The paper does not say how it counted; with the shared token table counted twice it is 770.6M."),
                "google-t5/t5-large",
            ),
            Size("11B", t5(24, 1024, 128, 65_536, 128), 11 * B, B, mark("section 3.7"), hub="google-t5/t5-11b"),
        ),
    ),
    Family(
        "BART", "encoder-decoder", "Facebook AI", 2019, 10, "Lewis et al. 2020",
        mark("that of RoBERTa: 160 GB of news, books, stories and web text"),
        mark("the whole text, from one with spans hidden and sentences shuffled"),
        mark("BERT’s reading and GPT’s writing, as two halves of one model."),
        mark("published, Apache 2.0"),
        (
            Size("base", bart(6, 768, 12), 140 * M, 10 * M, _LISTED, hub="facebook/bart-base"),
            Size("large", bart(12, 1024, 16), 400 * M, 100 * M, _LISTED, hub="facebook/bart-large"),
        ),
    ),
    Family(
        "GPT-3", "decoder", "OpenAI", 2020, 5, "Brown et al. 2020",
        mark("filtered Common Crawl, WebText2, two sets of books, Wikipedia; 300 billion tokens read"),
        mark("the next token"),
        mark("Examples in the text before are enough for many tasks."),
        mark("never published"),
        (
            Size("small", gpt(12, 768, 12, 2048), 125 * M, M, mark("table 2.1")),
            Size("175B", gpt(96, 12_288, 96, 2048), 175 * B, B, mark("table 2.1")),
        ),
    ),
    Family(
        "GPT-4", "decoder", "OpenAI", 2023, 3, mark("OpenAI 2023, section 2"),
        mark("public data and licensed data; which, and how much, is not published"),
        mark("the next token; then feedback from people"),
        mark("Reads images, too. The report keeps the rest to itself."),
        mark("never published"),
        unpublished=(
            mark("number of weights"), mark("blocks, widths, heads"), mark("how it was trained, and on how much"),
            mark("hardware"),
        ),
    ),
)  # fmt: skip


def sizes() -> Iterator[tuple[Family, Size]]:
    """List every published model with its family, in chronological order."""
    for family in FAMILIES:
        for size in family.sizes:
            yield family, size


def family(name: str) -> Family:
    """Return the family of that name.

    Raises:
        ValueError: there is none; the message lists them.
    """
    for one in FAMILIES:
        if one.name == name:
            return one
    raise ValueError(f"no family is called {name!r}; there is {', '.join(one.name for one in FAMILIES)}")
