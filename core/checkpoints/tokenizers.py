"""The tokenizer of a model's folder: tokenizer.json, or the word list that BERT was released with."""

from __future__ import annotations

from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

from core.checkpoints.files import LARGEST_JSON, own_file, read_json
from core.checkpoints.settings import CheckpointError
from core.config import ModelConfig
from core.text.tokenizer import Tokenizer

WORDS = "vocab.txt"  # one entry per line; its line number is its id
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_SPECIAL = (_UNKNOWN, _END, "[PAD]", _START, "[MASK]")


def tokenizer_of(folder: Path) -> Tokenizer:
    """Load the tokenizer of a folder.

    Raises:
        CheckpointError: there is none, or it is damaged; the message says what to do.
    """
    path = folder / "tokenizer.json"
    if not path.is_file() and (folder / WORDS).is_file():
        return _from_words(folder)
    if not path.is_file():
        raise CheckpointError(
            f"{folder} has no tokenizer.json; where only merges.txt or spiece.model is there, "
            "transformers.AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) writes one"
        )
    _check_length(own_file(path))
    try:
        return Tokenizer.from_file(path)
    except ValueError as error:
        raise CheckpointError(str(error)) from error


def check_size(folder: Path | str, tokenizer: Tokenizer, config: ModelConfig) -> None:
    """Check that every token of the tokenizer is one of the model's.

    Args:
        folder: where it was read from, for the message; a text, where that is no folder.

    Raises:
        CheckpointError: it has none, or ids past the end of the model's table; the message has both numbers.
    """
    largest = max(tokenizer.raw.get_vocab(with_added_tokens=True).values(), default=-1)
    path = folder
    if isinstance(folder, Path) and folder.is_dir():
        path = folder / ("tokenizer.json" if (folder / "tokenizer.json").is_file() else WORDS)
    if largest < 0:
        raise CheckpointError(f"{path} has an empty vocabulary")
    if largest >= config.d_vocab:
        raise CheckpointError(
            f"{path} has token ids up to {largest:,}, but the model's vocabulary ends at "
            f"{config.d_vocab - 1:,}: the two do not belong together"
        )


def _check_length(path: Path) -> None:
    if path.stat().st_size > LARGEST_JSON:
        raise CheckpointError(f"{path} is {path.stat().st_size:,} bytes long: too large for a {path.name}")


def _from_words(folder: Path) -> Tokenizer:
    """Build BERT's WordPiece (Devlin et al. 2019) from a word list; tokenizer_config.json may turn lowercasing off."""
    path, rules = folder / WORDS, folder / "tokenizer_config.json"
    try:
        _check_length(own_file(path))
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path} is not a readable word list: {error}") from error
    entries = {line.removesuffix("\r"): id for id, line in enumerate(lines[:-1] if not lines[-1] else lines)}
    if missing := [token for token in (_UNKNOWN, _START, _END) if token not in entries]:
        raise CheckpointError(f"{path} has no line {missing[0]}: it is not the word list of a BERT")
    settings = read_json(rules) if rules.is_file() else {}
    lower = settings.get("do_lower_case", True)
    if not isinstance(lower, bool):
        raise CheckpointError(f"{rules}: do_lower_case={lower!r} must be true or false")
    raw = tokenizers.Tokenizer(models.WordPiece(entries, unk_token=_UNKNOWN, max_input_chars_per_word=100))
    raw.normalizer = normalizers.BertNormalizer(
        lowercase=lower,
        strip_accents=settings.get("strip_accents"),
        handle_chinese_chars=settings.get("tokenize_chinese_chars") is not False,
    )
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A {_END}",
        pair=f"{_START} $A {_END} $B:1 {_END}:1",
        special_tokens=[(token, entries[token]) for token in (_START, _END)],
    )
    raw.decoder = decoders.WordPiece()
    raw.add_special_tokens([token for token in _SPECIAL if token in entries])
    return Tokenizer(raw)
