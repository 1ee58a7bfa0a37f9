"""The pairs of a run: a function of the step, every task in every batch, held-out pairs apart."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest
import torch

from core.data import tasks
from core.data.pairs import PAIRS, PIECE, WINDOW, Pairs, Read
from core.data.shards import Shards
from core.text.training import learn
from core.training import Trainer, TrainSpec
from core.training.estimates import _pairs
from core.training.examples import lessons, marks
from core.training.loss import UNSCORED
from core.training.objectives import Specials
from core.training.preparation import learned
from core.training.text_to_text import examples, hidden, parts, together

SMALL = TrainSpec(
    model="gpt-nano", objective="text_to_text", tasks=(("sentiment", 3.0), ("question", 1.0), ("spans", 1.0)),
    changes={"n_layers": 1, "d_model": 16, "n_heads": 2, "n_ctx": 160},  # type: ignore[arg-type]
    vocab_size=400, steps=6, batch_tokens=1500, learning_rate=0.02, device="cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return learned(SMALL, Shards(SMALL))


@pytest.fixture(scope="module")
def pool(tokenizer):
    return Pairs(SMALL, Shards(SMALL), tokenizer, 160)


def flat(batch):
    return [(read.task, tuple(read.source), read.target) for read in batch]


@pytest.mark.full(reason="takes 2 s")
def test_a_batch_depends_on_nothing_but_the_step(pool, tokenizer):
    other = Pairs(SMALL, Shards(SMALL), tokenizer, 160)
    later = [flat(other.batch(step)) for step in (90, 40, 3)][::-1]
    assert [flat(pool.batch(step)) for step in (3, 40, 90)] == later


def test_every_task_is_in_every_batch_by_its_share(pool):
    seen = Counter(read.task for step in range(1, 41) for read in pool.batch(step))
    assert set(seen) == {"sentiment", "question", "spans"}
    assert seen["sentiment"] / seen.total() == pytest.approx(0.6, abs=0.05)
    assert sum(len({read.task for read in pool.batch(step)}) == 3 for step in range(1, 41)) >= 34
    sizes = [sum(read.tokens for read in pool.batch(step)) for step in range(1, 41)]
    assert sum(sizes) / len(sizes) == pytest.approx(SMALL.batch_tokens, rel=0.1)
    assert max(sizes) < 1.3 * SMALL.batch_tokens


def test_a_unit_reads_every_pair_once(pool):
    count = pool._count(pool.context)
    first = Counter(str(flat([read])) for step in range(1, count + 1) for read in pool.batch(step))
    every = [read for number in range(WINDOW) for read in pool.shard(number)]
    assert first == Counter(str(flat([read])) for read in every if len(read.source) <= pool.context)
    assert 0.75 * WINDOW * PAIRS < first.total() <= len(every)


def test_sources_are_what_a_page_gives_the_model(pool, tokenizer):
    pair = next(iter(tasks.TASKS["sentiment"].pairs(0)))
    read = next(read for read in pool.shard(0) if read.task == "sentiment")
    assert read.source == tokenizer.encode(pair.source)
    assert tokenizer.decode(read.target or []) == pair.target


def test_short_rows_first(tokenizer):
    spec = SMALL.replace(stages=((0.5, 60),), steps=40)
    pool = Pairs(spec, Shards(spec), tokenizer, 160)
    longest = [max(len(read.source) for read in pool.batch(step)) for step in (1, 10, 20, 21, 30)]
    assert max(longest[:3]) <= 60 < min(longest[3:])


def test_held_out_pairs_hold_what_training_never_sees(pool):
    held = {str(flat([read])) for read in pool.held_out() if read.task != "spans"}
    seen = {str(flat([read])) for step in range(1, 80) for read in pool.batch(step)}
    assert len(held) > 60
    assert not held & seen
    assert {read.task for read in pool.held_out()[:3]} == {"sentiment", "question", "spans"}


def test_what_is_too_long_is_left_out_and_said(tokenizer, monkeypatch):
    monkeypatch.setattr("core.data.pairs.PAIRS", 32)
    spec = SMALL.replace(tasks=(("summarize", 1.0), ("sentiment", 1.0)), context=70)
    pool = Pairs(spec, Shards(spec), tokenizer, 160)
    assert pool.notes == ["No pair of 'summarize' fits 70 tokens: it is left out."]
    with pytest.raises(ValueError, match="no pair of summarize fits 70 tokens: give a longer context"):
        Pairs(spec.replace(tasks=(("summarize", 1.0),)), Shards(spec), tokenizer, 160)


def test_pieces_of_the_corpus_are_even_and_short(pool):
    pieces = [len(read.source) for read in pool.shard(0) if read.task == "spans"]
    assert max(pieces) <= PIECE
    assert min(pieces) >= PIECE // 3


def test_spans_are_hidden_anew_and_can_be_put_back(pool, tokenizer):
    specials = Specials.of(tokenizer)
    piece = next(read for read in pool.shard(0) if read.task == "spans")
    draws = [hidden(piece, SMALL, specials, torch.Generator().manual_seed(n)) for n in range(2)]
    assert draws[0] != draws[1]
    for source, target in draws:
        assert source[-1] == specials.end_id and target[-1] != specials.end_id
        spans: dict[int, list[int]] = {}
        for id in target:
            if id in specials.sentinels:
                at = id
            spans.setdefault(at, []).append(id)
        back = [got for id in source[:-1] for got in (spans[id][1:] if id in spans else [id])]
        assert back == piece.source


def test_parts_hold_every_pair_and_waste_little():
    draw = torch.Generator().manual_seed(0)
    sizes = torch.randint(3, 150, (61, 2), generator=draw).tolist()
    pairs = [([1] * source, [2] * target) for source, target in sizes]
    cut = parts(pairs)
    assert sorted(len(s) for part in cut for s, _ in part) == sorted(source for source, _ in sizes)
    assert sum(len(part) % 4 != 0 for part in cut) == 1
    padded = sum(len(p) * (max(len(s) for s, _ in p) + max(len(t) for _, t in p)) for p in cut)
    one = len(pairs) * (max(map(len, (s for s, _ in pairs))) + max(map(len, (t for _, t in pairs))))
    assert padded + 200 * len(cut) < 0.8 * one
    assert len(parts(pairs, part=10**9)) == 1
    assert all(len({len(s) for s, _ in part}) == 1 for part in parts(pairs, part=0, rows=1, width=1))


@pytest.mark.parametrize(("rows", "width"), [(1, 1), (2, 4), (3, 8)])
def test_the_best_cut_is_no_worse_than_any_other(rows, width):
    """Against every way of cutting a few sorted pairs where it may be cut."""
    sizes = [(3, 9), (4, 2), (4, 8), (9, 1), (9, 3), (30, 2), (31, 2)]
    pairs = [([1] * s, [2] * t) for s, t in sizes]

    def up(count):
        return -(-count // width) * width

    def cost(groups):
        return sum(
            len(g) * (up(max(len(s) for s, _ in g)) + up(max(len(t) for _, t in g) + 1)) + 20 for g in groups
        )

    places = range(rows, len(pairs), rows)
    ways = []
    for bits in range(2 ** len(places)):
        edges = [0, *(place for n, place in enumerate(places) if bits >> n & 1), len(pairs)]
        ways.append(cost([pairs[a:b] for a, b in pairwise(edges)]))
    assert cost(parts(pairs, 20, rows, width)) == min(ways)


def test_the_parts_of_training_have_few_shapes_and_fit_the_model(tokenizer):
    spec = SMALL.replace(changes={**dict(SMALL.changes), "n_ctx": 101}, context=101)
    pool = Pairs(spec, Shards(spec), tokenizer, 101)
    draw, specials = torch.Generator(), Specials.of(tokenizer)
    found = [part for step in range(1, 30) for part in examples(pool.batch(step), spec, specials, draw)]
    widths = {width for part in found for width in (part.inputs.shape[1], part.targets.shape[1])}
    assert all(width % 8 == 0 or width == 101 for width in widths)
    assert max(widths) == 101
    assert sum(len(part.inputs) % 4 != 0 for part in found) <= 29


def test_parts_have_the_gradient_of_one_batch(tokenizer):
    trainer = Trainer(SMALL.replace(tasks=(("sentiment", 1.0), ("question", 1.0))), tokenizer=tokenizer)
    reads = trainer.pool.batch(1)[:24]
    specials, draw = trainer.specials, torch.Generator()
    whole = together(reads, SMALL, specials, draw)
    cut = examples(reads, SMALL, specials, draw)
    assert len(cut) > 1
    found = []
    for batch in ([whole], cut):
        trainer.model.zero_grad()
        loss = trainer.backward(batch, 1)
        found.append((loss, {n: w.grad.clone() for n, w in trainer.model.named_parameters()}))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    for name, gradient in found[0][1].items():
        assert torch.allclose(gradient, found[1][1][name], atol=1e-6), name


def test_an_example_is_filled_up_and_masked():
    from core.training.objectives import text_to_text

    example = text_to_text([([5, 6, 7], [8]), ([5], [8, 9])], Specials(20, start_id=0, end_id=1))
    assert example.inputs.tolist() == [[5, 6, 7], [5, 1, 1]]
    assert example.mask is not None and example.mask.tolist() == [[True] * 3, [True, False, False]]
    assert example.decoder_inputs is not None and example.decoder_inputs.tolist() == [[0, 8, 1], [0, 8, 9]]
    assert example.targets.tolist() == [[8, 1, UNSCORED], [8, 9, 1]]
    with pytest.raises(ValueError, match="no pair"):
        text_to_text([], Specials(20))


def test_a_model_with_few_sentinels_has_stand_ins_for_more(tokenizer):
    lm = Trainer(SMALL, tokenizer=tokenizer).language_model
    told, own = marks(lm), Specials.of(tokenizer).sentinels
    assert len(own) == 5 and told.specials.sentinels[:5] == own
    assert len(set(told.specials.sentinels)) == 16 and max(told.specials.sentinels) < lm.config.d_vocab
    three = lessons(range(100, 124), told.specials, rate=0.5, length=1.0)
    assert len(three[2].targets) == 12 + 12 + 1


@pytest.mark.full(reason="takes more than a second")
def test_a_run_of_pairs_learns_and_says_no_rows(tokenizer):
    trainer = Trainer(SMALL.replace(steps=25, learning_rate=0.05, embed_rate=0.02, head_rate=0.02))
    first = trainer.held_out_loss()
    assert first == pytest.approx(trainer.guessing, abs=0.3)
    *_, last = trainer.run()
    assert last.held_out < first - 1.5
    assert trainer.config.decoder_start_id == 0
    with pytest.raises(ValueError, match="no rows"):
        trainer.held_out_rows()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"objective": "masked", "tasks": [("sentiment", 1)]}, "tasks belong to objective='text_to_text'"),
        ({"tasks": [("poetry", 1)]}, "no task is called 'poetry': choose among translate, summarize"),
        ({"tasks": [("sentiment", 0)]}, "the share of sentiment must be above 0"),
        ({"tasks": [("sentiment", 1), ("sentiment", 2)]}, "named twice"),
        ({"tasks": 3}, "must be pairs of a task and its share"),
        ({"tasks": [("sentiment", "much")]}, "must be pairs of a task and its share"),
    ],
)
def test_wrong_mixtures_are_refused(values, words):
    with pytest.raises(ValueError, match=words):
        TrainSpec(**{"objective": "text_to_text", **values})


def test_a_spec_of_tasks_is_written_and_read():
    assert TrainSpec.from_json(SMALL.to_json()) == SMALL
    assert TrainSpec(objective="text_to_text").config(300).shape == "encoder-decoder"


@pytest.mark.parametrize("name", list(tasks.TASKS))
def test_a_task_tells_the_same_pairs_every_time(name):
    task = tasks.TASKS[name]
    once, again = (list(islice(task.pairs(3, "train"), 40)) for _ in range(2))
    assert [(p.source, p.target) for p in once] == [(p.source, p.target) for p in again]
    assert all(pair.source.startswith(task.prefix) for pair in once)
    held = {pair.source for pair in islice(task.pairs(3, "held_out"), 40)}
    assert not held & {pair.source for pair in once}
    with pytest.raises(ValueError, match="no split is called"):
        task.pairs(0, "test")  # type: ignore[arg-type]


def test_the_stated_lengths_are_those_of_the_pairs(tokenizer):
    for task in tasks.TASKS.values():
        pairs = list(islice(task.pairs(5), 150))
        for side, said in enumerate(task.characters):
            mean = sum(len((pair.source, pair.target)[side]) for pair in pairs) / len(pairs)
            assert mean == pytest.approx(said, rel=0.12), (task.name, side)


def test_an_estimate_knows_how_long_pairs_are(tokenizer, pool):
    rows, length, target = _pairs(SMALL.config(400), SMALL)
    reads = [read for step in range(1, 30) for read in pool.batch(step)]
    assert rows == pytest.approx(len(reads) / 29, rel=0.35)
    assert length == pytest.approx(sum(len(read.source) for read in reads) / len(reads), rel=0.35)
    assert target >= 1


def test_a_text_of_ones_own_gives_the_spans():
    from core.data import corpora

    text = "The fox saw the crow. The crow saw the fox, and a cheese.\n\n" * 30
    spec = SMALL.replace(corpus="own", text=corpora.fingerprint(corpora.check_text(text)))
    tokenizer = learn("bpe", [text], 300, [f"<extra_id_{n}>" for n in range(5)])
    pool = Pairs(spec, Shards(spec, text), tokenizer, 160)
    pieces = [tokenizer.decode(read.source) for read in pool.shard(0) if read.task == "spans"]
    assert pieces
    assert all("crow" in piece for piece in pieces)


def test_a_read_counts_both_sides():
    assert Read("sentiment", [1, 2, 3], [4]).tokens == 4
    assert Read("spans", [1, 2, 3], None).tokens == 3
