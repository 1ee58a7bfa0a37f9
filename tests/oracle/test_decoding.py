"""Ids, scores and distributions of `generate` against `transformers`' generate on the same random weights."""

import itertools
import math

import pytest
import torch

from tests.oracle.decoding_pairs import ALL, ENDS, FORCED, PAD, PROMPT, pair, run_theirs

LIVELY = {
    "gpt2": (2, 4),
    "llama": (4, 6),
    "t5": (5, 7),
    "bart": (3, 7),
}  # seeds whose beams end at end tokens, at several lengths
PENALTIES = (-1.0, 0.0, 1.0, 2.0)
STOPPING = (False, True, "never")


def ids_of(result, lead):
    return [row[lead:] for row in result.sequences.tolist()]


def padded(beams, width):
    return [beam.ids + [PAD] * (width - len(beam.ids)) for beam in beams]


def assert_same_beams(ours, theirs, lead):
    rows = ids_of(theirs, lead)
    assert padded(ours.beams, len(rows[0])) == rows
    assert torch.allclose(torch.tensor(ours.scores), theirs.sequences_scores, rtol=1e-5, atol=1e-6)
    assert ours.ids == ours.beams[0].ids and ours.score == ours.scores[0]


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("use_cache", [True, False])
@pytest.mark.parametrize("family", list(ALL))
def test_greedy(family, use_cache):
    reasons = set()
    for seed, penalty in itertools.product(range(4), (1.0, 1.4)):
        theirs, lm, lead = pair(family, seed)
        options = {"max_new_tokens": 16, "repetition_penalty": penalty}
        expected = run_theirs(theirs, do_sample=False, **options)
        found = lm.generate(PROMPT, use_cache=use_cache, **options)
        assert found.ids == ids_of(expected, lead)[0]
        probabilities = torch.cat(expected.scores).float().softmax(-1)  # (steps, V)
        chosen = probabilities.gather(-1, torch.tensor(found.ids)[:, None])[:, 0]
        assert torch.allclose(torch.tensor([s.probability_after for s in found.steps]), chosen, rtol=1e-4)
        reasons.add(found.finished)
    assert reasons == {"end token", "length"}


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=2)
@pytest.mark.parametrize("width", [2, 3, 4, 5])
@pytest.mark.parametrize("family", list(ALL))
def test_beams(family, width):
    ended, lengths = 0, set()
    theirs, lm, lead = pair(family, LIVELY[family][width % 2])
    for penalty, stopping in itertools.product(PENALTIES, STOPPING):
        options = {"length_penalty": penalty, "early_stopping": stopping, "max_new_tokens": 10}
        expected = run_theirs(theirs, do_sample=False, num_beams=width, num_return_sequences=width, **options)
        for use_cache in (True, False):
            found = lm.generate(
                PROMPT, strategy="beam", n_beams=width, n_return=width, use_cache=use_cache, **options
            )
            assert_same_beams(found, expected, lead)
        ended += sum(beam.finished == "end token" for beam in found.beams)
        lengths |= {len(beam.ids) for beam in found.beams}
    assert ended > 5  # otherwise nothing about end tokens was tested
    assert len(lengths) > 2


@pytest.mark.parametrize("stop_ids", [(), (3,), (10, 11), ENDS + (10, 6)])
@pytest.mark.parametrize("family", list(ALL))
def test_beams_with_none_one_and_several_end_tokens(family, stop_ids):
    theirs, lm, lead = pair(family, LIVELY[family][0])
    for stopping in STOPPING:
        options = {"stop_ids": stop_ids, "early_stopping": stopping, "max_new_tokens": 8}
        expected = run_theirs(theirs, do_sample=False, num_beams=3, num_return_sequences=2, **options)
        found = lm.generate(PROMPT, strategy="beam", n_beams=3, n_return=2, **options)
        assert_same_beams(found, expected, lead)


@pytest.mark.parametrize("family", list(ALL))
def test_beams_with_a_repetition_penalty(family):
    theirs, lm, lead = pair(family, LIVELY[family][0])
    options = {"repetition_penalty": 1.5, "max_new_tokens": 12}
    expected = run_theirs(theirs, do_sample=False, num_beams=4, num_return_sequences=4, **options)
    found = lm.generate(PROMPT, strategy="beam", n_return=4, **options)
    assert_same_beams(found, expected, lead)
    assert found.score != lm.generate(PROMPT, strategy="beam", max_new_tokens=12).score


@pytest.mark.parametrize("family", list(ALL))
def test_one_beam_is_greedy(family):
    theirs, lm, lead = pair(family, LIVELY[family][0])
    expected = run_theirs(theirs, do_sample=False, num_beams=1, max_new_tokens=12)
    found = lm.generate(
        PROMPT, strategy="beam", n_beams=1, length_penalty=2.0, max_new_tokens=12, temperature=0.5
    )
    assert found.ids == ids_of(expected, lead)[0]
    total = sum(math.log(step.probability_after) for step in found.steps)  # what is forced costs nothing
    assert found.score == pytest.approx(total / len(found.ids) ** 2, rel=1e-5)


def test_a_forced_first_token_is_the_only_one_and_costs_nothing():
    theirs, lm, _ = pair("bart", 3)
    found = lm.generate(PROMPT, strategy="beam", n_beams=3, n_return=3, max_new_tokens=6)
    assert {beam.ids[0] for beam in found.beams} == {FORCED["bart"]}
    assert found.steps[0].probability_after == 1.0 and found.steps[0].probability_before < 0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theirs.generation_config, "forced_bos_token_id", None)
        assert run_theirs(theirs, do_sample=False, max_new_tokens=1).sequences[0, -1] != FORCED["bart"]


SAMPLING = [
    {"temperature": 1.0},
    {"temperature": 0.6},
    {"top_k": 5},
    {"top_p": 0.7},
    {"min_p": 0.3},
    {"temperature": 1.7, "top_k": 9, "top_p": 0.8, "min_p": 0.2, "repetition_penalty": 1.3},
]


@pytest.mark.full(reason="the other cases take a second", quick_cases=11)
@pytest.mark.parametrize("options", SAMPLING, ids=",".join)
@pytest.mark.parametrize("family", list(ALL))
def test_sampling_draws_the_same_tokens_from_the_same_distributions(family, options):
    theirs, lm, lead = pair(family, 0)
    for seed in range(3):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            expected = run_theirs(theirs, do_sample=True, max_new_tokens=10, **options)
        found = lm.generate(PROMPT, strategy="sample", seed=seed, max_new_tokens=10, **options)
        assert found.ids == ids_of(expected, lead)[0]
        for step, scores in zip(found.steps, expected.scores, strict=True):
            probabilities = scores[0].softmax(-1)
            kept = probabilities.nonzero()[:, 0].tolist()
            assert sorted(step.candidate_ids) == kept and step.n_kept == len(kept)
            mine = torch.tensor(step.candidate_probabilities)
            assert torch.allclose(mine, probabilities[list(step.candidate_ids)].float(), rtol=1e-4)
            assert step.probability_after == pytest.approx(float(probabilities[step.id]), rel=1e-4)
