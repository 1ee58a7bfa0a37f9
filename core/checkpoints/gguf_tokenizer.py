"""The tokenizer inside a GGUF file, converted for the `tokenizers` library.

llama-vocab.cpp). A name that is not known here is refused: another cut gives other tokens./The file names its
pre-tokenization, `tokenizer.ggml.pre`, which is defined in llama.cpp's code (src/llama-vocab.cpp). An unknown name is
refused: another pre-tokenization gives other tokens./llama-vocab.cpp). A name that is not known here is refused:
another cut gives other tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors

from core.checkpoints.gguf_file import GgufFile
from core.checkpoints.settings import CheckpointError
from core.text.tokenizer import Tokenizer

_CONTROL, _OWN, _BYTE = 3, 4, 6  # token types: control, user-defined, byte
_MARK = "▁"
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def _gpt2(*first: pre_tokenizers.PreTokenizer) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([*first, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])


def _by_rule(digits: str) -> pre_tokenizers.PreTokenizer:
    rule = f"{_CONTRACTIONS}|{_WORD}|{digits}|{_REST}"
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(rule), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


_CUTS: dict[str, Callable[[], pre_tokenizers.PreTokenizer]] = {
    "gpt-2": _gpt2,
    "smollm": lambda: _gpt2(
        pre_tokenizers.Split(Regex(r"\p{N}"), "isolated")
    ),  # split digits individually before BPE
    "llama-bpe": lambda: _by_rule(r"\p{N}{1,3}"),
    "llama3": lambda: _by_rule(r"\p{N}{1,3}"),
    "qwen2": lambda: _by_rule(r"\p{N}"),
    "deepseek-r1-qwen": lambda: _by_rule(r"\p{N}"),
}
_WHOLE_FIRST = ("llama-bpe", "llama3")  # ignore merges for a word that is a token itself
_COMPOSED = ("qwen2", "deepseek-r1-qwen")  # texts are normalized to NFC


def tokenizer_of(file: GgufFile) -> Tokenizer:
    """Build the tokenizer of a GGUF file.

    Raises:
        CheckpointError: there is none, it is of a kind that is not known, or its lists do not fit each other.
    """
    kind, tokens = file.values.get("tokenizer.ggml.model"), _texts(file, "tokens")
    if not tokens:
        raise CheckpointError(f"{file.path} has no tokenizer: it lacks tokenizer.ggml.tokens")
    if len(set(tokens)) < len(tokens):
        raise CheckpointError(f"{file.path}: two of its tokens are spelled alike")
    kinds = file.values.get("tokenizer.ggml.token_type") or [1] * len(tokens)
    if len(kinds) != len(tokens):
        raise CheckpointError(f"{file.path} has {len(tokens):,} tokens, but types for {len(kinds):,}")
    try:
        if kind == "gpt2":
            raw = _byte_level(file, tokens)
        elif kind == "llama":
            raw = _sentence_pieces(file, tokens, kinds)
        else:
            raise CheckpointError(
                f"{file.path}: its tokenizer is {str(kind)[:40]!r}; Glassbox reads gpt2 (byte-level BPE) and llama "
                "(SentencePiece)"
            )
        _add_signs(file, raw, tokens, kinds)
    except CheckpointError:
        raise
    except Exception as error:  # the library raises a plain Exception for inconsistent lists
        raise CheckpointError(f"{file.path}: its tokenizer cannot be built: {error}") from error
    return Tokenizer(raw)


def _byte_level(file: GgufFile, tokens: Sequence[str]) -> tokenizers.Tokenizer:
    """Build byte-level BPE (Radford et al. 2019)."""
    cut = file.values.get("tokenizer.ggml.pre")
    if cut not in _CUTS:
        raise CheckpointError(
            f"{file.path}: tokenizer.ggml.pre={str(cut)[:40]!r} names a way of cutting texts that Glassbox does not "
            f"know; it knows {', '.join(_CUTS)}"
        )
    merges = [tuple(pair.split(" ")) for pair in _texts(file, "merges")]
    if wrong := next((pair for pair in merges if len(pair) != 2), None):
        raise CheckpointError(f"{file.path}: the merge {' '.join(wrong)!r} is not of two pieces")
    vocabulary = {token: id for id, token in enumerate(tokens)}
    raw = tokenizers.Tokenizer(models.BPE(vocabulary, merges, ignore_merges=cut in _WHOLE_FIRST))  # type: ignore[arg-type]
    if cut in _COMPOSED:
        raw.normalizer = normalizers.NFC()
    raw.pre_tokenizer = _CUTS[cut]()
    raw.decoder = decoders.ByteLevel()
    return raw


def _sentence_pieces(file: GgufFile, tokens: Sequence[str], kinds: Sequence[int]) -> tokenizers.Tokenizer:
    """Build SentencePiece's BPE (Kudo & Richardson 2018): the neighbouring pair whose piece scores highest is
    merged."""
    scores = file.values.get("tokenizer.ggml.scores")
    if not isinstance(scores, list) or len(scores) != len(tokens):
        raise CheckpointError(f"{file.path} lacks tokenizer.ggml.scores, one for each token")
    vocabulary = {token: id for id, token in enumerate(tokens)}
    merges = []
    for id, token in enumerate(tokens):
        halves = [(token[:at], token[at:]) for at in range(1, len(token))]
        known = [
            (vocabulary[a], vocabulary[b], a, b) for a, b in halves if a in vocabulary and b in vocabulary
        ]
        merges += [(-scores[id], *pair) for pair in sorted(known)]
    merges.sort(key=lambda pair: pair[0])
    unknown = file.values.get("tokenizer.ggml.unknown_token_id")
    sign = tokens[unknown] if type(unknown) is int and 0 <= unknown < len(tokens) else None
    raw = tokenizers.Tokenizer(
        models.BPE(
            vocabulary,
            [(a, b) for _, _, _, a, b in merges],
            unk_token=sign,
            fuse_unk=True,
            byte_fallback=_BYTE in kinds,
        )
    )
    spaced = file.values.get("tokenizer.ggml.add_space_prefix", True)
    raw.pre_tokenizer = pre_tokenizers.Metaspace(_MARK, "first" if spaced else "never", split=False)
    strip = [decoders.Strip(" ", left=1)] if spaced else []
    raw.decoder = decoders.Sequence(
        [decoders.Replace(_MARK, " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    return raw


def _add_signs(
    file: GgufFile, raw: tokenizers.Tokenizer, tokens: Sequence[str], kinds: Sequence[int]
) -> None:
    """Add the special tokens matched as a whole, and those that begin and end every text."""
    raw.add_special_tokens(
        [AddedToken(token, normalized=False) for token, kind in zip(tokens, kinds) if kind == _CONTROL]
    )
    raw.add_tokens(
        [AddedToken(token, normalized=False) for token, kind in zip(tokens, kinds) if kind == _OWN]
    )
    around = {}
    for name in ("bos", "eos"):
        # Files without the flag are old SentencePiece ones, whose texts begin with the BOS token.
        by_itself = name == "bos" and file.values.get("tokenizer.ggml.model") == "llama"
        id = file.values.get(f"tokenizer.ggml.{name}_token_id")
        if (
            file.values.get(f"tokenizer.ggml.add_{name}_token", by_itself)
            and type(id) is int
            and 0 <= id < len(tokens)
        ):
            around[name] = (tokens[id], id)
    if around:
        begin, end = (f"{around[name][0]} " if name in around else "" for name in ("bos", "eos"))
        raw.post_processor = processors.TemplateProcessing(
            single=f"{begin}$A {end}".strip(),
            pair=f"{begin}$A {end}{begin}$B:1 {end}".strip().replace("  ", " "),
            special_tokens=list(around.values()),
        )


def _texts(file: GgufFile, name: str) -> list[str]:
    values = file.values.get(f"tokenizer.ggml.{name}", [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise CheckpointError(f"{file.path}: tokenizer.ggml.{name} is no list of texts")
    return values
