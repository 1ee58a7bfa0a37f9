"""Continuing a text: what `generate` and `stream` return, when they stop, what they refuse and leave alone."""

import threading
from dataclasses import replace

import pytest
import tokenizers
import torch

from core.config import ModelConfig
from core.decoding.generate import Generation, Step, generate, stream
from core.decoding.options import DecodingOptions
from core.decoding.steps import SHOWN
from core.hooks import HookError, Intervention, ablate_head, intervene, recording
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
    "and",
]
PROMPT = "once upon a time"
SHAPES = {
    "decoder": {"eos_ids": (0,)},
    "encoder": {"norm_placement": "post", "final_norm": False},
    "encoder-decoder": {
        "position": "relative",
        "decoder_start_id": 1,
        "eos_ids": (0,),
        "scale_scores": False,
    },
}


def word_tokenizer():
    raw = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="a")
    )
    raw.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    raw.add_special_tokens(["<end>", "<start>"])
    return Tokenizer(raw)


def make(shape="decoder", seed=0, device=None, **changes):
    sizes = {"n_layers": 2, "d_model": 16, "n_heads": 2, "n_ctx": 32, "d_vocab": len(WORDS)}
    config = ModelConfig(shape=shape, **{**sizes, **SHAPES[shape], **changes})
    model = build(config).to(device).eval()
    initialise(model, config, seed=seed, spread=0.35)
    return LanguageModel(model, word_tokenizer(), name=f"tiny-{shape}")


def next_logits(lm, prompt, ids):
    """Of the token after prompt and ids, by one full pass."""
    if lm.config.shape == "encoder-decoder":
        return lm.trace(prompt, target=ids or None).logits[-1]
    return lm.trace([*lm.encode(prompt), *ids]).logits[-1]


def test_the_defaults_are_forty_greedy_tokens():
    lm = make(n_ctx=100)
    found = generate(lm, PROMPT, stop_ids=())
    assert isinstance(found, Generation) and len(found.ids) == len(found.tokens) == len(found.steps) == 40
    assert found == generate(lm, PROMPT, stop_ids=(), strategy="greedy", max_new_tokens=40, temperature=1.0)
    assert found.prompt_ids == [2, 3, 4, 5]
    assert found.tokens == [WORDS[id] for id in found.ids]
    assert found.scores == [] and found.score is None and found.beams == ()


@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_greedy_takes_the_most_probable_token_of_a_full_pass(shape):
    lm = make(shape)
    found = lm.generate(PROMPT, max_new_tokens=10, stop_ids=())
    for n, id in enumerate(found.ids):
        assert id == int(next_logits(lm, PROMPT, found.ids[:n]).argmax())


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_the_end_token_is_the_last_id_and_no_text(strategy):
    ends = 0
    for seed in range(8):
        found = make(seed=seed).generate(PROMPT, strategy=strategy, seed=seed, max_new_tokens=20)
        if found.finished == "end token":
            ends += 1
            assert found.ids[-1] == 0 and 0 not in found.ids[:-1] and len(found.ids) <= 20
            assert found.tokens[-1] == "<end>" and "<end>" not in found.text
        else:
            assert found.finished == "length" and len(found.ids) == 20
        assert found.text.split() == [token for token in found.tokens if token not in ("<end>", "<start>")]
    assert ends > 0


def test_stop_ids_replace_the_models_end_tokens():
    lm = make()
    free = lm.generate(PROMPT, stop_ids=(), max_new_tokens=12)
    stop = free.ids[5]
    found = lm.generate(PROMPT, stop_ids=[stop], max_new_tokens=12)
    assert found.ids == free.ids[: free.ids.index(stop) + 1] and found.finished == "end token"
    assert lm.generate(PROMPT, stop_ids=stop, max_new_tokens=12) == found
    with pytest.raises(ValueError, match="15 lies outside the vocabulary, 0 to 14"):
        lm.generate(PROMPT, stop_ids=(3, 15))


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
@pytest.mark.parametrize("use_cache", [True, False])
def test_a_full_context_ends_the_text_with_that_reason(strategy, use_cache):
    lm = make(n_ctx=9)
    found = lm.generate(PROMPT, strategy=strategy, stop_ids=(), use_cache=use_cache, seed=1)
    assert len(found.ids) == 5 and found.finished == "context"
    assert lm.trace([*found.prompt_ids, *found.ids]).logits.shape == (9, len(WORDS))
    exact = lm.generate(PROMPT, strategy=strategy, stop_ids=(), use_cache=use_cache, seed=1, max_new_tokens=5)
    assert exact.finished == "length" and exact.ids == found.ids


@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_a_prompt_that_fills_the_context_is_followed_by_nothing(strategy):
    found = make(n_ctx=4).generate(PROMPT, strategy=strategy)
    assert (found.ids, found.tokens, found.text, list(found.steps), found.finished) == (
        [],
        [],
        "",
        [],
        "context",
    )
    assert list(make(n_ctx=4).stream(PROMPT)) == []
    with pytest.raises(ContextTooLong, match=r"5 tokens.*4"):
        make(n_ctx=4).generate(PROMPT + " and")


def test_an_encoder_decoder_reads_the_prompt_and_writes_from_its_start_token():
    lm = make("encoder-decoder", n_ctx=8)
    found = lm.generate("the cat sat on the mat and saw", stop_ids=())
    assert found.prompt_ids == lm.encode("the cat sat on the mat and saw")
    assert len(found.ids) == 7 and found.finished == "context"  # eight positions, one for the start token
    assert found.ids[0] == int(lm.trace("the cat sat on the mat and saw").logits[0].argmax())


def test_an_encoder_continues_no_text():
    for call in (generate, stream):
        with pytest.raises(ValueError, match=r"tiny-encoder is an encoder.*trace"):
            call(make("encoder"), PROMPT)
    with pytest.raises(ValueError, match="decoder_start_id"):
        make("encoder-decoder", decoder_start_id=None).generate(PROMPT)


def test_a_prompt_without_tokens_or_with_foreign_ids_is_refused():
    lm = make()
    empty: list[int] = []
    for prompt in ("", empty):
        with pytest.raises(ValueError, match="no tokens"):
            lm.generate(prompt)
    with pytest.raises(ValueError, match="15"):
        lm.generate([2, 15])


OUTSIDE = [
    ("strategy", "magic", "greedy, sample, beam"),
    ("max_new_tokens", 0, "1 to"),
    ("max_new_tokens", 2.5, "whole number"),
    ("max_new_tokens", True, "whole number"),
    ("temperature", -0.1, "0 to"),
    ("temperature", float("nan"), "0 to"),
    ("temperature", float("inf"), "0 to"),
    ("temperature", "1", "number"),
    ("top_k", 0, "from 1"),
    ("top_k", 3.0, "whole number"),
    ("top_p", 1.01, "from 0 to 1"),
    ("top_p", -0.01, "from 0 to 1"),
    ("min_p", 2, "from 0 to 1"),
    ("repetition_penalty", 0, "above 0"),
    ("seed", -1, "from 0"),
    ("seed", 2**63, "from 0"),
    ("n_beams", 0, "from 1"),
    ("length_penalty", 11, "-10 to 10"),
    ("early_stopping", "always", "'never'"),
    ("early_stopping", 1, "False, True"),
    ("stop_ids", (-1,), "from 0"),
    ("n_return", 2, "from 1 to 1"),
]


@pytest.mark.parametrize(("name", "value", "range_"), OUTSIDE)
def test_a_value_outside_its_range_is_named_with_the_range(name, value, range_):
    with pytest.raises(ValueError) as caught:
        make().generate(PROMPT, **{name: value})
    message = str(caught.value)
    assert name in message and str(value) in message and range_ in message
    with pytest.raises(ValueError, match=name):
        make().stream(PROMPT, **{name: value})  # at the call, not at the first token


def test_more_texts_than_beams_cannot_be_returned_and_unknown_options_are_none():
    with pytest.raises(ValueError, match="n_return=5 must be a whole number from 1 to 4"):
        make().generate(PROMPT, strategy="beam", n_return=5)
    with pytest.raises(TypeError, match="heat"):
        make().generate(PROMPT, heat=1.0)
    assert replace(DecodingOptions(), stop_ids=[3, 3, 4]).stop_ids == (3, 4)


def test_steps_say_what_there_was_to_choose_from():
    lm = make()
    found = lm.generate(
        PROMPT, strategy="sample", temperature=0.5, top_k=3, seed=4, max_new_tokens=8, stop_ids=()
    )
    for n, step in enumerate(found.steps):
        before = next_logits(lm, PROMPT, found.ids[:n]).softmax(-1)
        sharp = before.square() / before.square().sum()  # what a temperature of one half does
        best = sharp.topk(3)
        assert (step.id, step.token) == (found.ids[n], found.tokens[n])
        assert step.probability_before == pytest.approx(float(before[step.id]), rel=1e-4)
        assert step.log_prob == pytest.approx(float(before[step.id].log()), rel=1e-4)
        assert step.candidate_ids == tuple(best.indices.tolist()) and step.n_kept == 3
        assert step.candidate_probabilities == pytest.approx(
            (best.values / best.values.sum()).tolist(), rel=1e-4
        )
        assert step.probability_after == step.candidate_probabilities[step.candidate_ids.index(step.id)]
    assert [step.finished for step in found.steps] == [None] * 7 + ["length"]
    assert found.steps[1:3] == tuple(found.steps)[1:3] and found.steps[-1] == list(found.steps)[7]
    with pytest.raises(IndexError):
        found.steps[8]


def test_long_texts_keep_a_bounded_number_of_candidates():
    lm = make(n_ctx=200)
    found = lm.generate(PROMPT, max_new_tokens=150, stop_ids=())
    assert len(found.steps) == 150 and len(found.steps[149].candidate_ids) == len(WORDS) <= SHOWN
    assert sum(found.steps[149].candidate_probabilities) == pytest.approx(1.0, abs=1e-5)
    assert [step.id for step in found.steps] == found.ids


def test_temperature_zero_is_greedy():
    lm = make()
    greedy = lm.generate(PROMPT, max_new_tokens=12)
    for strategy in ("greedy", "sample"):
        found = lm.generate(PROMPT, strategy=strategy, temperature=0, max_new_tokens=12)
        assert found.ids == greedy.ids
        assert {step.probability_after for step in found.steps} == {1.0}
        assert [s.probability_before for s in found.steps] == [s.probability_before for s in greedy.steps]


def test_the_same_seed_draws_the_same_text_and_the_global_state_is_untouched():
    lm = make()
    torch.manual_seed(7)
    state = torch.get_rng_state()
    options = {"strategy": "sample", "temperature": 2.0, "max_new_tokens": 20, "stop_ids": ()}
    first = lm.generate(PROMPT, seed=3, **options)
    torch.rand(5)
    assert lm.generate(PROMPT, seed=3, **options).ids == first.ids
    torch.set_rng_state(state)
    texts = {tuple(lm.generate(PROMPT, seed=seed, **options).ids) for seed in (0, 1, 2, None, None, None)}
    assert len(texts) == 6
    assert torch.equal(torch.get_rng_state(), state)


def test_beams_come_best_first_and_are_made_of_their_steps():
    lm = make()
    found = lm.generate(PROMPT, strategy="beam", n_beams=4, n_return=4, length_penalty=0.5, max_new_tokens=6)
    assert (
        found.scores == sorted(found.scores, reverse=True)
        and len({tuple(beam.ids) for beam in found.beams}) == 4
    )
    assert found.steps == found.beams[0].steps and found.text == found.beams[0].text
    for beam in found.beams:
        assert [step.id for step in beam.steps] == beam.ids
        total = sum(step.log_prob for step in beam.steps)
        assert beam.score == pytest.approx(total / len(beam.ids) ** 0.5, rel=1e-5)
        for n, step in enumerate(beam.steps):
            exact = next_logits(lm, PROMPT, beam.ids[:n]).softmax(-1)
            assert step.probability_before == pytest.approx(float(exact[step.id]), rel=1e-4)
            assert step.candidate_ids == tuple(exact.argsort(descending=True).tolist())
    one = lm.generate(PROMPT, strategy="beam", n_beams=1, length_penalty=0.5, max_new_tokens=6)
    assert found.score > one.score or found.ids == one.ids


@pytest.mark.parametrize(
    "options", [{}, {"strategy": "sample", "seed": 5, "top_k": 6}, {"repetition_penalty": 1.5}]
)
@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_streaming_gives_the_steps_of_generate(shape, options):
    for seed in range(4):
        lm = make(shape, seed)
        whole = lm.generate(PROMPT, max_new_tokens=12, **options)
        steps = list(lm.stream(PROMPT, max_new_tokens=12, **options))
        assert [step.id for step in steps] == whole.ids and steps[-1].finished == whole.finished
        for one, other in zip(steps, whole.steps):
            assert one.candidate_ids == other.candidate_ids and one.token == other.token
            assert one.probability_after == pytest.approx(other.probability_after, rel=1e-5)


def test_beams_cannot_be_streamed():
    with pytest.raises(ValueError, match="cannot be streamed"):
        make().stream(PROMPT, strategy="beam")


PLACES = ("blocks.0.attn.hook_z", "decoder.blocks.0.attn.hook_z")
OFF = [
    ablate_head(0, 1),
    ablate_head(1, 0, "mean"),
    ablate_head(0, 0, "mean"),
    Intervention(PLACES, lambda z: z - z[:, :1], "less the first position"),
]


@pytest.mark.parametrize("change", OFF, ids=lambda change: f"{change.label}{change.whole_text}")
@pytest.mark.parametrize("shape", ["decoder", "encoder-decoder"])
def test_interventions_hold_inside_and_equal_full_passes(shape, change):
    lm = make(shape, seed=3)
    plain = lm.generate(PROMPT, max_new_tokens=8, stop_ids=())
    with intervene(change):
        found = lm.generate(PROMPT, max_new_tokens=8, stop_ids=())
        uncached = lm.generate(PROMPT, max_new_tokens=8, stop_ids=(), use_cache=False)
        beaming = {"strategy": "beam", "stop_ids": (), "max_new_tokens": 5}
        beams = [lm.generate(PROMPT, use_cache=use_cache, **beaming) for use_cache in (True, False)]
        for n, step in enumerate(found.steps):
            exact = next_logits(lm, PROMPT, found.ids[:n]).softmax(-1)
            assert step.id == int(exact.argmax())
            assert step.probability_before == pytest.approx(float(exact[step.id]), rel=1e-4)
    assert found.ids == uncached.ids and beams[0].ids == beams[1].ids
    assert [s.probability_before for s in found.steps] != [s.probability_before for s in plain.steps]
    assert lm.generate(PROMPT, max_new_tokens=8, stop_ids=()) == plain


def test_an_encoders_head_can_be_switched_off_while_the_decoder_writes():
    lm = make("encoder-decoder", seed=4)
    plain = lm.generate(PROMPT, max_new_tokens=4, stop_ids=())
    for change in (ablate_head(0, 0, attention="encoder"), ablate_head(1, 1, "mean", attention="cross")):
        with intervene(change):
            found = lm.generate(PROMPT, max_new_tokens=4, stop_ids=())
            exact = next_logits(lm, PROMPT, found.ids[:3]).softmax(-1)
        assert found.steps[3].probability_before == pytest.approx(float(exact[found.ids[3]]), rel=1e-4)
        assert found.steps[3].probability_before != plain.steps[3].probability_before


def test_an_intervention_the_model_lacks_is_an_error_also_in_mid_text():
    lm = make()
    with intervene(ablate_head(9, 0)), pytest.raises(HookError, match="L9H0"):
        lm.generate(PROMPT)
    writing = lm.stream(PROMPT, stop_ids=())
    next(writing)
    with intervene(ablate_head(9, 0)), pytest.raises(HookError, match="L9H0"):
        next(writing)


def test_generators_take_turns_each_under_its_own_intervention():
    lm = make(seed=5)
    changes = {"plain": (), "off": (ablate_head(0, 0),), "mean": (ablate_head(1, 1, "mean"),)}

    def alone(change):
        with intervene(*change):
            return list(lm.stream(PROMPT, max_new_tokens=10, stop_ids=()))

    expected = {name: alone(change) for name, change in changes.items()}
    writing = {name: lm.stream(PROMPT, max_new_tokens=10, stop_ids=()) for name in changes}
    found: dict[str, list[Step]] = {name: [] for name in changes}
    for _ in range(10):
        for name, change in changes.items():
            with intervene(*change):
                found[name].append(next(writing[name]))
            trace = lm.trace(PROMPT)  # between two tokens nothing is switched off or recorded
            assert torch.equal(trace.logits, lm.trace(PROMPT).logits)
    assert found == expected
    assert len({tuple(step.probability_before for step in steps) for steps in found.values()}) == 3


def test_an_intervention_may_come_and_go_within_one_text():
    lm = make(seed=5)
    change = ablate_head(1, 0, "mean")  # computed anew, and not kept in the cache
    writing = lm.stream(PROMPT, max_new_tokens=9, stop_ids=())
    ids: list[int] = []
    for turn in range(9):
        with intervene(*([change] if turn % 3 == 1 else [])):
            step = next(writing)
            exact = next_logits(lm, PROMPT, ids).softmax(-1)
        assert step.probability_before == pytest.approx(float(exact[step.id]), rel=1e-4)
        ids.append(step.id)


def test_a_generator_may_be_closed_in_another_thread():
    lm = make()
    plain = lm.trace(PROMPT).logits
    writing = lm.stream(PROMPT, max_new_tokens=10, stop_ids=())
    with recording() as seen, intervene(ablate_head(0, 0)):
        next(writing)
        errors = []

        def close():
            try:
                writing.close()
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=close)
        thread.start()
        thread.join()
        assert not errors and next(writing, None) is None
        assert float(seen["blocks.0.attn.hook_z"][:, :, 0].abs().max()) == 0.0
    assert torch.equal(lm.trace(PROMPT).logits, plain)
    assert not torch.is_inference_mode_enabled()


def test_a_stream_begun_in_one_thread_goes_on_in_another():
    lm = make()
    expected = [step.id for step in lm.stream(PROMPT, max_new_tokens=8, stop_ids=())]
    writing = lm.stream(PROMPT, max_new_tokens=8, stop_ids=())
    found = [next(writing).id for _ in range(3)]
    thread = threading.Thread(target=lambda: found.extend(step.id for step in writing))
    thread.start()
    thread.join()
    assert found == expected


def test_a_recorder_around_generate_sees_the_last_pass():
    lm = make()
    with recording(["unembed.hook_out"]) as seen:
        found = lm.generate(PROMPT, max_new_tokens=3, stop_ids=())
    assert seen["unembed.hook_out"].shape == (1, 1, len(WORDS))
    assert int(seen["unembed.hook_out"][0, -1].argmax()) == found.ids[-1]


def test_an_edit_of_the_logits_forbids_a_token():
    lm = make()
    banned = lm.generate(PROMPT, max_new_tokens=1).ids[0]

    def edit(logits):
        return logits.index_fill(-1, torch.tensor([banned]), -torch.inf)

    with intervene(Intervention(("unembed.hook_out",), edit, "banned")):
        greedy = lm.generate(PROMPT, max_new_tokens=10)
        beams = lm.generate(PROMPT, strategy="beam", n_return=4, max_new_tokens=6)
    assert banned not in greedy.ids and greedy.steps[0].n_kept == len(WORDS) - 1
    assert all(banned not in beam.ids for beam in beams.beams)


def test_gradients_and_modes_of_the_caller_are_left_alone():
    lm = make()
    with torch.enable_grad():
        lm.generate(PROMPT, max_new_tokens=3)
        assert torch.is_grad_enabled()
    loss = lm.trace(PROMPT, grad=True).logits.logsumexp(-1).sum()
    loss.backward()
    assert all(weight.grad is not None for weight in lm.transformer.parameters())
    assert not lm.transformer.training


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_every_device(device, strategy):
    options = {"strategy": strategy, "seed": 2, "max_new_tokens": 8, "stop_ids": ()}
    lm = make(device=device)
    found = lm.generate(PROMPT, **options)
    assert len(found.ids) == 8 and found.steps[3].id == found.ids[3]
    assert lm.generate(PROMPT, **options) == found
    if strategy != "sample":  # another device draws other numbers
        assert found.ids == make().generate(PROMPT, **options).ids
