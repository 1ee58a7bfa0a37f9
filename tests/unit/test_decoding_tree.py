"""The tree of shared passes and what is told of it: counts, edges of every setting, and what is refused."""

import itertools
import math
import pickle

import pytest
import tokenizers
import torch

from core.config import ModelConfig
from core.decoding import cache_cost, entropy, exact, fill, samples, stages, tree
from core.decoding.options import DecodingOptions
from core.decoding.prefixes import Prefixes
from core.decoding.warpers import warp
from core.hooks import HookError, Intervention, ablate_head, intervene
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import ContextTooLong, build
from core.text.tokenizer import Tokenizer

WORDS = [
    "<end>",
    "<start>",
    "once",
    "upon",
    "a",
    "time",
    "the",
    "cat",
    "sat",
    "on",
    "mat",
    "red",
    "boat",
    "saw",
]
V = len(WORDS)
PROMPT = "once upon a time"
SHAPES = {
    "decoder": {"eos_ids": (0,)},
    "encoder": {"norm_placement": "post", "final_norm": False, "mask_id": 1},
    "encoder-decoder": {
        "position": "relative",
        "decoder_start_id": 1,
        "eos_ids": (0,),
        "scale_scores": False,
    },
}
BLANKED = [2, 1, 4, 1, 1]


def make(shape="decoder", seed=0, device=None, spread=0.35, **changes):
    raw = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="a")
    )
    raw.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    raw.add_special_tokens(["<end>", "<start>"])
    sizes = {"n_layers": 2, "d_model": 16, "n_heads": 2, "n_ctx": 32, "d_vocab": V}
    config = ModelConfig(shape=shape, **{**sizes, **SHAPES[shape], **changes})
    model = build(config).to(device).eval()
    initialise(model, config, seed=seed, spread=spread)
    return LanguageModel(model, Tokenizer(raw), name=f"tiny-{shape}")


def counting(place="hook_embed"):
    """Positions that go through the model's first hook while the intervention is active."""
    counted = []

    def edit(value):
        counted.append(value.shape[0] * value.shape[1])
        return value

    return counted, Intervention((place,), edit, "counting", whole_text=False)


def children(grown, node):
    return [each for each in grown.nodes if each.parent == node.id]


@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_each_prefix_is_computed_once_and_all_of_a_level_together(shape):
    lm = make(shape)
    counted, watch = counting("hook_embed" if shape == "decoder" else "decoder.hook_embed")
    with intervene(watch):
        grown = tree.grow(lm, PROMPT, depth=7, n_beams=4, seed=3, forced=[(5, 5)], stop_ids=())
    start = 4 if shape == "decoder" else 1
    assert sum(counted) == start + grown.passes - 1
    assert len(counted) == grown.calls == 7
    assert grown.apart == {"greedy": 7, "beam": 1 + 6 * 4, "sample": 7, "forced": 7}
    assert grown.together == 46 and len(grown.nexts) == grown.passes < 46
    # Alone, each takes as many passes as it is said to.
    alone = {
        "greedy": {"strategies": ["greedy"]},
        "beam": {"strategies": ["beam"]},
        "sample": {"strategies": ["sample"]},
        "forced": {"strategies": [], "forced": [(5, 5)]},
    }
    for name, options in alone.items():
        one = tree.grow(lm, PROMPT, depth=7, n_beams=4, seed=3, stop_ids=(), **options)
        assert one.apart == {name: grown.apart[name]} and one.passes == grown.apart[name]
        assert {path.name: path.ids for path in one.paths}.items() <= {
            path.name: path.ids for path in grown.paths
        }.items()


@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_the_paths_are_those_of_generate(shape):
    for seed in range(5):
        lm = make(shape, seed=seed)
        options = {"n_beams": 3, "length_penalty": 0.4, "temperature": 1.3, "top_k": 9, "seed": seed}
        grown = tree.grow(lm, PROMPT, depth=9, **options)
        for strategy in ("greedy", "sample"):
            found = lm.generate(PROMPT, strategy=strategy, max_new_tokens=9, **options)
            path = grown.path(strategy)
            assert (
                path.ids == tuple(found.ids) and path.finished == found.finished and path.text == found.text
            )
        found = lm.generate(PROMPT, strategy="beam", max_new_tokens=9, n_return=3, **options)
        for rank, beam in enumerate(found.beams):
            path = grown.path(f"beam {rank + 1}")
            assert path.ids == tuple(beam.ids) and path.text == beam.text and path.rank == rank
            assert path.score == pytest.approx(beam.score, rel=1e-5) == path.beam_score


def test_the_tree_is_a_tree_and_its_numbers_add_up():
    grown = tree.grow(make(), PROMPT, depth=5, n_beams=3, length_penalty=0.7, seed=1, pruned=3)
    root = grown.nodes[0]
    assert (root.id, root.parent, root.depth, root.token_id, root.sum, root.next) == (0, -1, 0, -1, 0.0, 0)
    assert set(root.on) == {path.name for path in grown.paths}
    for place, node in enumerate(grown.nodes):
        assert node.id == place
        if place:
            parent = grown.nodes[node.parent]
            assert node.parent < place and node.depth == parent.depth + 1 and parent.next >= 0
            assert node.sum == pytest.approx(parent.sum + node.log_prob)
            assert node.score == pytest.approx(node.sum / node.depth**0.7)
            assert node.probability == pytest.approx(math.exp(node.log_prob))
            told = grown.nexts[parent.next]
            assert node.probability == pytest.approx(
                told.probabilities[0][told.ids.tolist().index(node.token_id)]
            )
        if node.next >= 0 and not node.ends and node.depth < 5:
            ranks = sorted(child.rank for child in children(grown, node))
            assert ranks[:3] == [0, 1, 2]
    for path in grown.paths:
        assert [grown.nodes[node].token_id for node in path.nodes] == list(path.ids)
        assert all(path.name in grown.nodes[node].on for node in path.nodes)
        assert path.log_prob == grown.nodes[path.nodes[-1]].sum
    assert grown.best.score == max(path.score for path in grown.paths)
    running = [node for node in grown.nodes if node.running]
    assert {node.depth for node in running} == {1, 2, 3, 4, 5}
    assert all(node.on or node.next >= 0 for node in running)
    pale = [node for node in grown.nodes if not node.on and node.next < 0]
    assert pale and not any(node.running for node in pale)
    assert grown.path("beam 9") is None


def test_what_the_beam_search_followed_is_marked_even_if_it_was_dropped():
    alone = tree.grow(make(), PROMPT, depth=6, n_beams=3, strategies=["beam"], stop_ids=())
    read = {node.id for node in alone.nodes[1:] if node.next >= 0}
    running = {node.id for node in alone.nodes if node.running}
    assert running == read | {path.nodes[-1] for path in alone.paths}
    assert any(not alone.nodes[id].on for id in running)
    others = tree.grow(make(), PROMPT, depth=6, n_beams=3, seed=1, forced=[(9, 9)], stop_ids=())
    assert sum(node.running for node in others.nodes) == len(running) < len(others.nexts)


def test_pruned_and_shown_say_how_much_is_told():
    lm = make()
    bare = tree.grow(lm, PROMPT, depth=4, strategies=["greedy"], pruned=0, shown=1)
    assert len(bare.nodes) == 5 and all(node.on == ("greedy",) for node in bare.nodes)
    assert [len(told.ids) for told in bare.nexts] == [1, 1, 1, 1]
    full = tree.grow(lm, PROMPT, depth=4, strategies=["greedy"], pruned=10**6, shown=10**6, stop_ids=())
    assert len(full.nodes) == 1 + 4 * V
    for told in full.nexts:
        assert sorted(told.ids) == list(range(V)) and told.vocabulary == V
        assert told.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert list(told.probabilities[0]) == sorted(told.probabilities[0], reverse=True)


def test_a_taken_token_is_always_among_those_shown():
    lm = make()
    least = int(lm.trace(PROMPT).logits[-1].argmin())
    grown = tree.grow(lm, PROMPT, depth=2, strategies=["greedy"], forced=[(least,)], shown=1)
    assert set(grown.nexts[0].ids) == {least, grown.path("greedy").ids[0]}


def test_a_forced_path_goes_on_greedily():
    lm = make()
    grown = tree.grow(lm, PROMPT, depth=6, strategies=[], forced=[(7, 12), (13,)], stop_ids=())
    assert [path.name for path in grown.paths] == ["forced 1", "forced 2"]
    for path, given in zip(grown.paths, [(7, 12), (13,)]):
        free = lm.generate([*lm.encode(PROMPT), *given], max_new_tokens=6 - len(given), stop_ids=())
        assert path.ids == (*given, *free.ids) and path.finished == "length"
    deep = tree.grow(lm, PROMPT, depth=2, strategies=[], forced=[(7, 12, 5, 5, 5)], stop_ids=())
    assert deep.paths[0].ids == (7, 12)
    ended = tree.grow(lm, PROMPT, depth=5, strategies=[], forced=[(7, 0, 5)])
    assert ended.paths[0].ids == (7, 0) and ended.paths[0].finished == "end token"
    assert ended.nodes[ended.paths[0].nodes[-1]].ends


def test_nothing_asked_for_is_the_prompt_alone():
    grown = tree.grow(make(), PROMPT, depth=3, strategies=[], pruned=2)
    assert grown.paths == () and grown.best is None and grown.passes == 1 and grown.apart == {}
    assert [node.depth for node in grown.nodes] == [0, 1, 1]


@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_a_depth_beyond_the_context(shape):
    lm = make(shape, n_ctx=8)
    grown = tree.grow(lm, PROMPT, depth=100, n_beams=2, seed=0, stop_ids=())
    assert grown.wanted == 100 and grown.depth == {"decoder": 4, "encoder-decoder": 7}[shape]
    assert all(len(path.ids) == grown.depth and path.finished == "context" for path in grown.paths)


def test_a_full_context_leaves_room_for_nothing():
    lm = make(n_ctx=4)
    grown = tree.grow(lm, PROMPT, depth=3, forced=[(5,)])
    assert grown.depth == 0 and len(grown.nodes) == 1 and len(grown.nexts) == 1
    assert [(path.ids, path.finished, path.score) for path in grown.paths] == [((), "context", 0.0)] * 3
    assert exact.best(lm, PROMPT, 3).texts == () and samples.draw(lm, PROMPT, 5, 3).texts == ()
    assert len(stages.next_tokens(lm, PROMPT).ids) == V
    with pytest.raises(ContextTooLong, match=r"5 tokens: the context of this model is 4"):
        stages.next_tokens(lm, PROMPT, (5,))
    with pytest.raises(ContextTooLong):
        tree.grow(lm, PROMPT + " the", depth=3)


def test_extreme_settings_mean_what_they_say():
    lm = make()
    greedy = lm.generate(PROMPT, max_new_tokens=5, stop_ids=()).ids
    for options in (
        {"temperature": 0.0},
        {"temperature": 1e-9},
        {"top_p": 0.0},
        {"top_k": 1},
        {"min_p": 1.0},
    ):
        grown = tree.grow(lm, PROMPT, depth=5, strategies=["sample"], seed=4, stop_ids=(), **options)
        assert list(grown.paths[0].ids) == greedy, options
        assert all(told.kept[-1] == 1 and told.entropy[-1] == 0.0 for told in grown.nexts)
    flat = tree.grow(
        lm, PROMPT, depth=1, strategies=["sample"], temperature=100.0, top_p=1.0, min_p=0.0
    ).nexts[0]
    assert flat.kept[-1] == V and flat.entropy[-1] == pytest.approx(math.log2(V), abs=1e-3)
    assert [active for _, _, active in flat.stages] == [True, False, True, False, False, False]
    many = tree.grow(lm, PROMPT, depth=2, strategies=["beam"], n_beams=100, length_penalty=0.0, stop_ids=())
    assert len(many.paths) == 100
    assert many.best.ids == exact.best(lm, PROMPT, 2, stop_ids=()).texts[0].ids
    plain = tree.grow(lm, PROMPT, depth=3, strategies=["beam"], length_penalty=0.0)
    assert all(path.score == path.log_prob for path in plain.paths)


REFUSED = [
    ({"n_beams": 0}, "n_beams=0 must be a whole number from 1"),
    ({"depth": 0}, "depth=0 must be a whole number from 1"),
    ({"depth": True}, "depth=True must be a whole number"),
    ({"depth": 10_000}, "depth=10000 must be a whole number from 1 to 1000"),
    ({"top_k": 0}, "top_k=0 must be a whole number from 1 to 1000000000; None switches it off"),
    ({"temperature": -1.0}, "temperature=-1.0 must be a number from 0"),
    ({"temperature": math.nan}, "temperature=nan"),
    ({"top_p": 1.5}, "top_p=1.5 must be a number from 0 to 1"),
    (
        {"repetition_penalty": 0.0},
        "repetition_penalty=0.0 must be a number above 0 to 1000; 1 switches it off",
    ),
    ({"strategies": ["greedy", "luck"]}, "'luck' is not one of greedy, beam, sample"),
    ({"forced": [(3,), (4, V)]}, f"token {V} lies outside the vocabulary: ids go from 0 to {V - 1}"),
    ({"forced": [(-1,)]}, "token -1 lies outside"),
    ({"stop_ids": (99,)}, "token 99 lies outside"),
    ({"slots": (1,)}, "slots belong to an encoder"),
    ({"target": [4]}, "a target belongs to an encoder-decoder"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=str)
def test_what_the_tree_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        tree.grow(make(), PROMPT, **options)


def test_what_the_others_refuse():
    lm = make()
    for call, message in (
        (lambda: tree.grow(lm, "", depth=2), "no tokens"),
        (lambda: exact.best(lm, PROMPT, 0), "depth=0 must be a whole number from 1 to 1000"),
        (lambda: exact.best(lm, PROMPT, 2, n=0), "n=0 must be"),
        (lambda: exact.best(lm, PROMPT, 2, max_passes=0), "max_passes=0 must be"),
        (lambda: samples.draw(lm, PROMPT, 0, 2), "n=0 must be a whole number from 1 to 100000"),
        (lambda: samples.draw(lm, PROMPT, 5, 2, temperature=-0.1), "temperature=-0.1"),
        (lambda: cache_cost.measure(lm, PROMPT, 0), "new_tokens=0 must be"),
        (lambda: cache_cost.measure(make("encoder"), PROMPT), "nothing could be kept"),
        (lambda: cache_cost.measure(lm, PROMPT, target=[5]), "a target belongs to an encoder-decoder"),
        (lambda: entropy.along(make("encoder-decoder"), PROMPT), "predicts a target"),
        (lambda: entropy.along(make("encoder", mask_id=None), PROMPT), "names no mask token"),
        (lambda: fill.fill(lm, PROMPT), "is a decoder: it continues a text"),
        (lambda: fill.fill(make("encoder"), PROMPT), "has no blank: put <start> where"),
        (lambda: tree.grow(make("encoder"), PROMPT), "has no blank"),
        (lambda: tree.grow(make("encoder", mask_id=None), PROMPT), "say which positions are to be filled"),
        (lambda: tree.grow(make("encoder"), PROMPT, slots=(4,)), "slots: 4 lies outside the text"),
        (lambda: stages.next_tokens(make("encoder"), BLANKED, (5, 5, 5)), "nothing is left to predict"),
        (lambda: stages.next_tokens(lm, PROMPT, (5, V)), "lies outside the vocabulary"),
        (lambda: tree.grow(make("encoder-decoder", decoder_start_id=None), PROMPT), "decoder_start_id"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_the_last_stage_is_what_warp_makes():
    lm = make()
    logits = lm.trace(PROMPT).logits[-2:].float()
    ids = torch.tensor([[2, 3, 4], [7, 7, 0]])
    for options in (
        DecodingOptions(),
        DecodingOptions(temperature=0.0),
        DecodingOptions(repetition_penalty=1.4, temperature=0.6, top_k=8, top_p=0.8, min_p=0.1),
        DecodingOptions(top_p=0.0, min_p=0.0),
        DecodingOptions(top_p=1.0, repetition_penalty=0.3),
    ):
        found = stages.warped_stages(logits, ids, options)
        assert [stage.name for stage in found] == list(stages.STAGES)
        assert torch.equal(found[0].scores, logits)
        assert torch.equal(found[-1].scores, warp(logits, ids, options))
        for before, stage in itertools.pairwise(found):
            assert stage.active or stage.scores is before.scores


def test_next_tokens_is_what_the_tree_tells():
    options = {"temperature": 0.7, "top_k": 6, "top_p": 0.9, "repetition_penalty": 1.2}
    for shape, prompt, target in (
        ("decoder", PROMPT, None),
        ("encoder-decoder", PROMPT, [5, 6]),
        ("encoder", BLANKED, None),
    ):
        lm = make(shape)
        grown = tree.grow(lm, prompt, depth=3, n_beams=2, target=target, shown=V, seed=2, **options)
        checked = 0
        for node in grown.nodes:
            if node.next < 0:
                continue
            path, each = [], node
            while each.depth:
                path.append(each.token_id)
                each = grown.nodes[each.parent]
            told = stages.next_tokens(lm, prompt, path[::-1], target=target, shown=V, **options)
            there = grown.nexts[node.next]
            order = [there.ids.tolist().index(id) for id in told.ids]
            assert there.probabilities[:, order] == pytest.approx(told.probabilities, rel=1e-4, abs=1e-6)
            assert told.kept.tolist() == there.kept.tolist() and told.stages == there.stages
            assert told.tokens == [WORDS[id] for id in told.ids]
            checked += 1
        assert checked > 4


def test_an_intervention_holds_inside_cached_or_not():
    lm = make()
    plain = tree.grow(lm, PROMPT, depth=5, seed=1, stop_ids=())
    apart = Intervention(
        ("blocks.0.attn.hook_z",), lambda z: z - z.mean(1, keepdim=True), "without the mean", whole_text=True
    )
    for change in (ablate_head(0, 1), apart):
        with intervene(change):
            grown = tree.grow(lm, PROMPT, depth=5, seed=1, stop_ids=())
            found = lm.generate(PROMPT, strategy="beam", n_return=4, max_new_tokens=5, stop_ids=())
            for path in grown.paths:
                rows = lm.trace([2, 3, 4, 5, *path.ids[:-1]]).logits.log_softmax(-1)
                last = grown.nodes[path.nodes[-1]]
                assert last.log_prob == pytest.approx(float(rows[-1, last.token_id]), rel=1e-4)
        assert [path.ids for path in grown.paths if path.strategy == "beam"] == [
            tuple(beam.ids) for beam in found.beams
        ]
        assert grown.nodes[1].log_prob != plain.nodes[1].log_prob
    with intervene(ablate_head(7, 0)), pytest.raises(HookError):
        tree.grow(lm, PROMPT, depth=2)


def test_scores_that_were_let_go_are_computed_again(monkeypatch):
    lm = make()
    whole = tree.grow(lm, PROMPT, depth=6, n_beams=5, seed=1, stop_ids=())
    monkeypatch.setattr("core.decoding.prefixes._HELD_BYTES", 0)
    monkeypatch.setattr("core.decoding.prefixes._TOGETHER", 3)
    short = tree.grow(lm, PROMPT, depth=6, n_beams=5, seed=1, stop_ids=())
    assert short.calls > whole.calls and short.passes == whole.passes
    assert [path.ids for path in short.paths] == [path.ids for path in whole.paths]
    for one, other in zip(whole.nodes, short.nodes):
        assert (one.token_id, one.parent, one.on) == (other.token_id, other.parent, other.on)
        assert one.log_prob == pytest.approx(other.log_prob, rel=1e-5)


def test_prefixes_may_be_asked_for_in_any_order():
    lm = make()
    prefixes = Prefixes(lm, PROMPT)
    deep = 0
    for id in (5, 9, 2):
        deep = prefixes.child(deep, id)
    scores = prefixes.logits([deep])[0]  # nothing above it has been asked for
    assert torch.allclose(scores, lm.trace([2, 3, 4, 5, 5, 9, 2]).logits[-1], atol=1e-5)
    assert prefixes.passes == 4 and prefixes.path(deep) == [5, 9, 2]
    twin = prefixes.child(prefixes.child(0, 5), 9)
    both = prefixes.logits([prefixes.child(0, 8), prefixes.parent(twin)])
    assert torch.allclose(both[1], lm.trace([2, 3, 4, 5, 5]).logits[-1], atol=1e-5)
    assert prefixes.passes == 5


def test_slots_of_a_model_with_and_without_a_mask_token():
    text = [2, 3, 4, 5]
    for mask in (1, None):
        lm = make("encoder", mask_id=mask)
        grown = tree.grow(lm, text, depth=5, slots=(3, 1, 3), strategies=["greedy"], shown=V)
        assert grown.slots == (1, 3) and grown.depth == 2
        read = [2, 1, 4, 1] if mask else text
        first = lm.trace(read).logits[1].softmax(-1)
        assert torch.tensor(grown.nexts[0].probabilities[0]) == pytest.approx(
            first[grown.nexts[0].ids], rel=1e-4
        )
        read[1] = grown.paths[0].ids[0]
        assert grown.paths[0].ids[1] == int(lm.trace(read).logits[3].argmax())
        assert grown.paths[0].finished == "filled"
        assert [blank.id for blank in fill.fill(lm, text, slots=(1, 3)).one_by_one] == list(
            grown.paths[0].ids
        )
        assert exact.best(lm, text, 2, slots=(1, 3)).proven
    part = tree.grow(make("encoder"), BLANKED, depth=2, strategies=["greedy"])
    assert part.paths[0].finished == "length" and len(part.paths[0].ids) == 2


def test_an_end_token_fills_a_blank_and_ends_nothing():
    lm = make("encoder", eos_ids=(0,))
    grown = tree.grow(lm, BLANKED, depth=3, n_beams=8, seed=1, forced=[(0, 0)])
    assert grown.path("forced 1").ids[:2] == (0, 0) and not any(node.ends for node in grown.nodes)
    drawn = samples.draw(lm, BLANKED, 200, 3, temperature=5.0)
    assert all(len(path.ids) == 3 for path in grown.paths) and all(len(text.ids) == 3 for text in drawn.texts)
    assert any(0 in text.ids[:-1] for text in drawn.texts)


def test_the_steps_of_exact_search_count_its_passes_and_end_with_what_it_finds():
    lm = make(spread=0.02)
    *passes, last = exact.best_steps(lm, PROMPT, 6, max_passes=40, stop_ids=())
    assert last == exact.best(lm, PROMPT, 6, max_passes=40, stop_ids=())
    assert passes == list(range(1, last.passes + 1))


def test_exact_search_says_when_it_has_not_proven():
    lm = make(spread=0.02)  # nearly flat: every text is about as likely as any other
    found = exact.best(lm, PROMPT, 6, max_passes=40, stop_ids=())
    assert not found.proven and found.passes <= 40 and found.bound > found.texts[0].score
    assert found.possible == V**6
    assert (
        exact.best(lm, PROMPT, 6, max_passes=1, stop_ids=()).texts[0].ids
        == tree.grow(
            lm, PROMPT, depth=6, strategies=["beam"], n_beams=4, length_penalty=0.0, stop_ids=()
        ).best.ids
    )


def test_exact_search_finds_every_text_when_asked_for_all():
    lm = make()
    found = exact.best(lm, PROMPT, 2, n=1_000)
    assert found.proven and len(found.texts) == found.possible == 1 + (V - 1) * V
    assert math.fsum(math.exp(text.log_prob) for text in found.texts) == pytest.approx(1, abs=1e-5)
    assert found.bound == -math.inf
    assert [text.score for text in found.texts] == sorted((text.score for text in found.texts), reverse=True)
    assert found.texts[0].tokens == tuple(WORDS[id] for id in found.texts[0].ids)


@pytest.mark.parametrize(("ends", "depth"), [(0, 3), (1, 1), (2, 4), (5, 3)])
def test_how_many_texts_there_are(ends, depth):
    whole: list[tuple[int, ...]] = [()]
    finished = 0
    for length in range(1, depth + 1):
        grown = [(*text, id) for text in whole for id in range(5)]
        finished += sum(1 for text in grown if text[-1] < ends or length == depth)
        whole = [text for text in grown if text[-1] >= ends]
    assert exact.possible(5, ends, depth) == finished


def test_samples_share_their_beginnings():
    lm = make()
    drawn = samples.draw(lm, PROMPT, 3_000, 2, seed=5, temperature=1.2)
    assert sum(text.count for text in drawn.texts) == 3_000
    assert drawn.passes <= 1 + V < drawn.apart <= 6_000
    assert drawn.texts == samples.draw(lm, PROMPT, 3_000, 2, seed=5, temperature=1.2).texts
    assert drawn.texts != samples.draw(lm, PROMPT, 3_000, 2, seed=6, temperature=1.2).texts
    best = exact.best(lm, PROMPT, 2, n=3)
    model = {text.ids: text.model_probability for text in drawn.texts}
    for text in best.texts:
        assert math.log(model[text.ids]) == pytest.approx(text.log_prob, rel=1e-5)
    assert [text.count for text in drawn.texts] == sorted((text.count for text in drawn.texts), reverse=True)
    certain = samples.draw(lm, PROMPT, 50, 4, temperature=0.0, stop_ids=())
    assert certain.texts[0].ids == tuple(lm.generate(PROMPT, max_new_tokens=4, stop_ids=()).ids)
    assert (certain.texts[0].count, certain.texts[0].probability, certain.covered) == (50, 1.0, 1.0)


@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_what_the_cache_spares(shape):
    lm = make(shape)
    ticks = iter(range(10**6))
    target = [5, 6] if shape == "encoder-decoder" else None
    found = cache_cost.measure(lm, PROMPT, 6, target=target, repeats=2, clock=lambda: float(next(ticks)))
    read = 3 if target else 4
    assert [step.length for step in found.steps] == [read + n for n in range(6)]
    assert [step.positions_with for step in found.steps] == [read, 1, 1, 1, 1, 1]
    assert [step.positions_without for step in found.steps] == [read + n for n in range(6)]
    assert (found.positions_with, found.positions_without) == (read + 5, sum(range(read, read + 6)))
    assert found.seconds_with == found.seconds_without == 6.0 and found.repeats == 2  # a tick a token
    per_position = 2 * 2 * 16 * 4  # keys and values, two layers, D numbers of four bytes
    source = 4 * per_position if target else 0
    assert found.bytes == (read + 5) * per_position + source
    assert (
        found.ids
        == tree.grow(lm, PROMPT, depth=6, target=target, strategies=["greedy"], stop_ids=()).paths[0].ids
    )
    full = cache_cost.measure(make(shape, n_ctx=8), PROMPT, 50, repeats=1)
    assert len(full.steps) == {"decoder": 4, "encoder-decoder": 7}[shape]
    real = cache_cost.measure(lm, PROMPT, 3, target=target)
    assert all(step.seconds_with > 0 and step.seconds_without > 0 for step in real.steps)


def test_entropy_along_a_text():
    lm = make()
    found = entropy.along(lm, PROMPT)
    scores = lm.score(PROMPT)
    assert [place.index for place in found] == [1, 2, 3] and [place.token for place in found] == WORDS[3:6]
    assert [place.surprisal for place in found] == pytest.approx((-scores / math.log(2)).tolist(), rel=1e-5)
    expected = lm.trace(PROMPT).logits[:-1].softmax(-1)
    for place, p in zip(found, expected):
        assert place.entropy == pytest.approx(float(-(p * p.log2()).sum()), rel=1e-4)
        assert place.best_id == int(p.argmax()) and place.best_probability == pytest.approx(
            float(p.max()), rel=1e-4
        )
    assert entropy.along(lm, [4]) == []
    special = entropy.along(make("encoder", eos_ids=(0,)), [0, 5, 1, 7, 0])
    assert [place.index for place in special] == [1, 2, 3]  # a mask is a question, an end token is none


def test_entropy_of_the_extremes():
    assert stages.entropy_bits(torch.zeros(1, 8)).item() == pytest.approx(3.0)
    one = torch.full((1, 8), -torch.inf).index_fill(-1, torch.tensor([2]), 5.0)
    assert stages.entropy_bits(one).item() == 0.0
    assert str(stages.entropy_bits(one).item()) == "0.0"


def test_everything_told_can_be_kept_and_sent():
    lm, blank = make(), make("encoder")
    for told in (
        tree.grow(lm, PROMPT, depth=3, seed=0),
        exact.best(lm, PROMPT, 3),
        samples.draw(lm, PROMPT, 20, 3),
        entropy.along(lm, PROMPT),
        cache_cost.measure(lm, PROMPT, 3, repeats=1),
        fill.fill(blank, BLANKED),
    ):
        again = pickle.loads(pickle.dumps(told))  # noqa: S301  (bytes of our own)
        if isinstance(told, tree.Tree):
            assert again.nodes == told.nodes and again.paths == told.paths
            assert all((a.probabilities == b.probabilities).all() for a, b in zip(again.nexts, told.nexts))
        else:
            assert again == told


def test_every_device(device):
    lm, here = make(device=device), make()
    options = {"depth": 5, "n_beams": 3, "strategies": ["greedy", "beam"], "forced": [(7,)], "stop_ids": ()}
    grown, expected = tree.grow(lm, PROMPT, **options), tree.grow(here, PROMPT, **options)
    assert [path.ids for path in grown.paths] == [path.ids for path in expected.paths]
    assert exact.best(lm, PROMPT, 3).texts[0].ids == exact.best(here, PROMPT, 3).texts[0].ids
    assert len(samples.draw(lm, PROMPT, 30, 3).texts) > 1
    assert entropy.along(lm, PROMPT)[0].entropy == pytest.approx(
        entropy.along(here, PROMPT)[0].entropy, rel=1e-4
    )
    assert (
        cache_cost.measure(lm, PROMPT, 3, repeats=1).ids == cache_cost.measure(here, PROMPT, 3, repeats=1).ids
    )
    blanks = [make("encoder", device=each) for each in (device, None)]
    assert fill.fill(blanks[0], BLANKED).ids_one_by_one == fill.fill(blanks[1], BLANKED).ids_one_by_one
