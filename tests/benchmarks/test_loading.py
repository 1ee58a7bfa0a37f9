"""A folder of GPT-2's size, as transformers writes it: from the disk to the model, and to the first trace."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers
import torch
import transformers
from tokenizers import decoders, models, pre_tokenizers

import core
from tests.benchmarks import pair, sizes

TOKENS, ROUNDS = 32, 12
LOAD_MS, TRACE_MS = 3000, 300
PEER = "transformers from_pretrained and forward, states and patterns"
IDS = list(range(100, 100 + TOKENS))

Report = Callable[[pair.Comparison | pair.Figure], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GPT-2's weights are random here; its tokenizer has as many entries, and as many merges, as the published one."""
    found = tmp_path_factory.mktemp("gpt2")
    sizes.hugging_face(sizes.GPT2).save_pretrained(found)
    rng, entries = random.Random(0), sorted(pre_tokenizers.ByteLevel.alphabet())
    known, merges = set(entries), []
    while len(known) < sizes.GPT2.vocabulary:
        left, right = rng.choice(entries), rng.choice(entries)
        if len(left + right) < 12 and left + right not in known:
            merges.append((left, right))
            entries.append(left + right)
            known.add(left + right)
    raw = tokenizers.Tokenizer(models.BPE({entry: id for id, entry in enumerate(entries)}, merges))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.save(str(found / "tokenizer.json"))
    return found


def test_a_folder_of_gpt2s_size(folder: Path, report: Report) -> None:
    loads, traces = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        lm = core.load(folder, device="cpu")
        loaded = time.perf_counter()
        lm.trace(IDS)
        loads.append(1000 * (loaded - began))
        traces.append(1000 * (time.perf_counter() - loaded))
    load = pair.Figure("a GPT-2-sized folder (124M, float32) loads", loads, LOAD_MS)
    trace = pair.Figure(f"its first trace of {TOKENS} tokens", traces, TRACE_MS)
    report(load)
    report(trace)
    assert load.reached and trace.reached


def test_beside_transformers(folder: Path, report: Report) -> None:
    """Theirs leaves the weights in the mapped file; ours copies them, so that a changed file harms no running server,
    looks at each number, and turns the unembedding for quick writing. No figure is asked of that."""
    ids = torch.tensor([IDS])

    def ours() -> torch.Tensor:
        return core.load(folder, device="cpu").trace(IDS).logits

    def theirs() -> torch.Tensor:
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
        transformers.AutoTokenizer.from_pretrained(folder)
        with torch.no_grad():
            return model(ids, output_hidden_states=True, output_attentions=True).logits[0]

    torch.testing.assert_close(ours(), theirs(), atol=1e-3, rtol=1e-3)
    comparison = pair.compare(
        "a GPT-2-sized folder (124M), from the disk to every activation of 32 tokens",
        {"glassbox": ours, PEER: theirs},
        peers=("transformers",),
        rounds=ROUNDS,
        warm_up=1,
    )
    report(comparison)
