"""The tree, the exact search, samples and entropy against `transformers` on the same random weights."""

import itertools
import math

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM
from transformers.generation import logits_process

from core.decoding import entropy, exact, fill, samples, stages, tree
from core.language_model import LanguageModel
from tests.oracle.compare import saved_and_loaded, scatter_weights
from tests.oracle.decoding_pairs import (
    ENDS,
    FAMILIES,
    FORCED,
    PAD,
    PROMPT,
    START,
    V,
    pair,
    run_theirs,
    word_tokenizer,
)

LIVELY = {"gpt2": 2, "llama": 4, "t5": 5}  # seeds whose beams end at end tokens, at several lengths
WARPED = {"temperature": 1.7, "top_k": 9, "top_p": 0.8, "min_p": 0.2, "repetition_penalty": 1.3}


@torch.no_grad()
def their_scores(theirs, lead, paths):
    """Logits of the token after PROMPT and each of `paths`, all of one length, by one full pass: (B, V)."""
    added = torch.tensor(paths, dtype=torch.long).view(len(paths), -1)
    prompt = torch.tensor([PROMPT]).expand(len(paths), -1)
    if lead == 1:
        start = torch.full((len(paths), 1), START)
        return theirs(input_ids=prompt, decoder_input_ids=torch.cat([start, added], 1)).logits[:, -1]
    return theirs(torch.cat([prompt, added], 1)).logits[:, -1]


def path_to(grown, node):
    ids = []
    while node.depth:
        ids.append(node.token_id)
        node = grown.nodes[node.parent]
    return ids[::-1]


def sentences(result, lead):
    return [row[lead:] for row in result.sequences.tolist()]


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=1)
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_paths_are_theirs(family, width):
    theirs, lm, lead = pair(family, LIVELY[family])
    lengths = set()
    for penalty, stopping, seed in itertools.product((-1.0, 0.0, 2.0), (False, "never"), (1, 5)):
        options = {"length_penalty": penalty, "early_stopping": stopping, "seed": seed, "n_beams": width}
        grown = tree.grow(lm, PROMPT, depth=9, temperature=1.4, top_p=0.9, **options)
        greedy = run_theirs(theirs, do_sample=False, max_new_tokens=9)
        assert list(grown.path("greedy").ids) == sentences(greedy, lead)[0]
        torch.manual_seed(seed)
        drawn = run_theirs(theirs, do_sample=True, max_new_tokens=9, temperature=1.4, top_p=0.9)
        assert list(grown.path("sample").ids) == sentences(drawn, lead)[0]
        beams = [path for path in grown.paths if path.strategy == "beam"]
        if width > 1:
            found = run_theirs(
                theirs, do_sample=False, max_new_tokens=9, num_beams=width, num_return_sequences=width,
                length_penalty=penalty, early_stopping=stopping,
            )  # fmt: skip
            rows = sentences(found, lead)
            assert [list(beam.ids) + [PAD] * (len(rows[0]) - len(beam.ids)) for beam in beams] == rows
            scores = torch.tensor([beam.score for beam in beams])
            assert torch.allclose(scores, found.sequences_scores, rtol=1e-5, atol=1e-6)
            assert [beam.beam_score for beam in beams] == pytest.approx(scores.tolist(), rel=1e-5)
        else:
            assert [beam.ids for beam in beams] == [grown.path("greedy").ids]
        lengths |= {len(path.ids) for path in grown.paths}
    assert width == 1 or len(lengths) > 1  # otherwise nothing about end tokens was tested


@pytest.mark.parametrize("penalty", [0.7, 1.5])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_beams_under_a_repetition_penalty(family, penalty):
    theirs, lm, lead = pair(family, 0)
    options = {"repetition_penalty": penalty}
    grown = tree.grow(lm, PROMPT, depth=8, n_beams=4, strategies=["beam", "greedy"], **options)
    found = run_theirs(
        theirs, do_sample=False, max_new_tokens=8, num_beams=4, num_return_sequences=4, **options
    )
    beams = [path for path in grown.paths if path.strategy == "beam"]
    rows = sentences(found, lead)
    assert [list(beam.ids) + [PAD] * (len(rows[0]) - len(beam.ids)) for beam in beams] == rows
    assert [beam.beam_score for beam in beams] == pytest.approx(found.sequences_scores.tolist(), rel=1e-5)
    greedy = run_theirs(theirs, do_sample=False, max_new_tokens=8, **options)
    assert list(grown.path("greedy").ids) == sentences(greedy, lead)[0]
    if penalty < 1:  # repeats are favoured, so there are some; what the tree tells of them is the model's own
        assert all(beam.beam_score - beam.score > 0.01 for beam in beams)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_every_edge_and_every_distribution_is_theirs(family):
    theirs, lm, lead = pair(family, 1)
    grown = tree.grow(
        lm, PROMPT, depth=6, n_beams=3, forced=[(7, 2), (20,)], pruned=3, seed=3, shown=V, **WARPED
    )
    by_depth: dict[int, list] = {}
    for node in grown.nodes:
        by_depth.setdefault(node.depth, []).append(node)
    scores: dict[int, torch.Tensor] = {}
    for nodes in by_depth.values():
        computed = [node for node in nodes if node.next >= 0]
        if computed:
            rows = their_scores(theirs, lead, [path_to(grown, node) for node in computed])
            scores |= {node.id: row for node, row in zip(computed, rows)}
    assert len(scores) == grown.passes == len(grown.nexts) > 15
    for node in grown.nodes[1:]:
        log_p = scores[node.parent].log_softmax(-1)
        assert node.log_prob == pytest.approx(float(log_p[node.token_id]), rel=1e-4, abs=1e-6)
        assert node.rank == int((log_p > log_p[node.token_id]).sum())
        assert node.sum == pytest.approx(grown.nodes[node.parent].sum + node.log_prob)
    start = [START] if lead == 1 else PROMPT
    for node in grown.nodes:
        if node.next >= 0:
            assert_same_stages(grown.nexts[node.next], scores[node.id], [*start, *path_to(grown, node)])


def assert_same_stages(told, row, ids):
    """`told` (`stages.Next`) against what their processors make of `row`, one after the other."""
    processors = [
        logits_process.RepetitionPenaltyLogitsProcessor(WARPED["repetition_penalty"]),
        logits_process.TemperatureLogitsWarper(WARPED["temperature"]),
        logits_process.TopKLogitsWarper(WARPED["top_k"]),
        logits_process.TopPLogitsWarper(WARPED["top_p"]),
        logits_process.MinPLogitsWarper(WARPED["min_p"]),
    ]
    warped = row[None].float()
    for stage in range(len(stages.STAGES)):
        if stage:
            warped = processors[stage - 1](torch.tensor([ids]), warped)
        p = warped[0].softmax(-1)
        assert torch.tensor(told.probabilities[stage]) == pytest.approx(p[told.ids], rel=1e-4, abs=1e-7)
        assert told.kept[stage] == int((p > 0).sum())
        bits = torch.distributions.Categorical(probs=p).entropy() / math.log(2)
        assert told.entropy[stage] == pytest.approx(float(bits), abs=1e-4)


def test_a_target_is_what_the_decoder_has_written():
    theirs, lm, lead = pair("t5", 2)
    for written in ([], [6], [6, 13, 2]):
        start = torch.tensor([[START, *written]])
        found = run_theirs(
            theirs,
            decoder_input_ids=start,
            do_sample=False,
            max_new_tokens=7,
            num_beams=3,
            num_return_sequences=3,
        )
        grown = tree.grow(lm, PROMPT, depth=7, n_beams=3, target=written, strategies=["beam"])
        rows = [row[start.shape[1] :] for row in found.sequences.tolist()]
        assert [list(path.ids) + [PAD] * (len(rows[0]) - len(path.ids)) for path in grown.paths] == rows
        told = stages.next_tokens(lm, PROMPT, (9,), target=written, shown=V)
        scores = their_scores(theirs, lead, [[*written, 9]])[0]
        assert torch.tensor(told.probabilities[0]) == pytest.approx(scores.softmax(-1)[told.ids], rel=1e-4)


def brute_force(theirs, lead, depth):
    """Every text of at most `depth` tokens, with its log-probability, from full passes over all of one length."""
    whole: dict[tuple[int, ...], float] = {(): 0.0}
    finished: dict[tuple[int, ...], float] = {}
    for length in range(1, depth + 1):
        paths = list(whole)
        log_p = their_scores(theirs, lead, paths).log_softmax(-1)
        grown = {
            (*path, id): whole[path] + float(p) for path, row in zip(paths, log_p) for id, p in enumerate(row)
        }
        ended = {path: p for path, p in grown.items() if path[-1] in ENDS or length == depth}
        finished |= ended
        whole = {path: p for path, p in grown.items() if path not in ended}
    return finished


@pytest.mark.parametrize("family", list(FAMILIES))
def test_exact_search_finds_what_brute_force_finds(family):
    missed = 0
    for seed in range(3):
        theirs, lm, lead = pair(family, seed)
        texts = brute_force(theirs, lead, 3)
        for penalty in (0.0, 1.0, -0.5):
            found = exact.best(lm, PROMPT, 3, n=5, length_penalty=penalty)
            assert found.proven and found.possible == len(texts)
            best = sorted(texts, key=lambda ids: -texts[ids] / len(ids) ** penalty)[:5]
            assert [text.ids for text in found.texts] == best
            for text in found.texts:
                assert text.log_prob == pytest.approx(texts[text.ids], rel=1e-5)
                assert text.score == pytest.approx(texts[text.ids] / len(text.ids) ** penalty, rel=1e-5)
                assert text.ends == (text.ids[-1] in ENDS)
            assert found.passes < sum(1 for ids in texts if len(ids) == 3) / V + V + 1
            greedy = tree.grow(lm, PROMPT, depth=3, strategies=["greedy"], length_penalty=penalty)
            missed += greedy.best.ids != best[0]
    assert missed  # greedy is not always best, or the search has proven nothing


def test_exact_search_finds_only_what_a_forced_beginning_allows():
    first = FORCED["bart"]
    differ = 0
    for seed in range(3):
        theirs, lm, lead = pair("bart", seed)
        every = brute_force(theirs, lead, 3)
        texts = {ids: log_p for ids, log_p in every.items() if ids[0] == first}
        for penalty in (0.0, 1.0):
            found = exact.best(lm, PROMPT, 3, n=5, length_penalty=penalty)
            assert found.proven and found.possible == len(texts)
            best = sorted(texts, key=lambda ids: -texts[ids] / len(ids) ** penalty)[:5]
            assert [text.ids for text in found.texts] == best
            assert [text.log_prob for text in found.texts] == pytest.approx([texts[ids] for ids in best])
            differ += max(every, key=lambda ids: every[ids] / len(ids) ** penalty) != best[0]
        widest = run_theirs(theirs, do_sample=False, max_new_tokens=3, num_beams=V * V, length_penalty=0.0)
        written = sentences(widest, lead)[0]
        likeliest = exact.best(lm, PROMPT, 3).texts[0]
        assert list(likeliest.ids) == written[: len(likeliest.ids)]
        assert exact.best(lm, PROMPT, 1).possible == 1
        begun = exact.best(lm, PROMPT, 2, target=[first])
        assert begun.possible == len(brute_force(theirs, lead, 2))
    assert differ  # otherwise the beginning would not have to be forced


def test_a_forced_beginning_is_a_stage_of_its_own():
    theirs, lm, lead = pair("bart", 0)
    first = FORCED["bart"]
    row = their_scores(theirs, lead, [[]])
    told = stages.next_tokens(lm, PROMPT, shown=V, **WARPED)
    names = [name for name, _, _ in told.stages]
    assert names == [*stages.STAGES[:2], stages.FIRST, *stages.STAGES[2:]]
    plain = row[0].softmax(-1)
    assert told.probabilities[0].tolist() == pytest.approx(plain[told.ids].tolist(), rel=1e-4)
    forced = logits_process.ForcedBOSTokenLogitsProcessor(first)(torch.tensor([[START]]), row)
    for stage in range(names.index(stages.FIRST), len(names)):
        assert told.probabilities[stage].tolist() == forced[0].softmax(-1)[told.ids].tolist()
    assert told.kept[-1] == 1 and told.entropy[-1] == 0
    later = stages.next_tokens(lm, PROMPT, (first,), shown=V, **WARPED)
    assert [active for name, _, active in later.stages if name == stages.FIRST] == [False]
    expected = warped_by_theirs(their_scores(theirs, lead, [[first]]), [[first]], lead)[0]
    assert later.probabilities[-1].tolist() == pytest.approx(expected[later.ids].tolist(), rel=1e-4)
    grown = tree.grow(lm, PROMPT, depth=3, shown=V, **WARPED)
    assert grown.nexts[0].stages == told.stages


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_probability_of_each_sample_is_exact(family):
    theirs, lm, lead = pair(family, 1)
    drawn = samples.draw(lm, PROMPT, 4_000, 2, seed=7, **WARPED)
    first = warped_by_theirs(their_scores(theirs, lead, [[]]), [[]], lead)[0]
    expected: dict[tuple[int, ...], float] = {}
    for id in first.nonzero()[:, 0].tolist():
        if id in ENDS:
            expected[(id,)] = float(first[id])
            continue
        second = warped_by_theirs(their_scores(theirs, lead, [[id]]), [[id]], lead)[0]
        expected |= {
            (id, other): float(first[id] * second[other]) for other in second.nonzero()[:, 0].tolist()
        }
    found = {text.ids: text for text in drawn.texts}
    assert set(found) <= set(expected) and len(found) > 10
    assert sum(expected.values()) == pytest.approx(1, abs=1e-5)
    for ids, text in found.items():
        assert text.probability == pytest.approx(expected[ids], rel=1e-4)
        assert abs(text.frequency - text.probability) < 5 * text.spread(drawn.n)
    assert drawn.covered == pytest.approx(sum(expected[ids] for ids in found), rel=1e-4)


def warped_by_theirs(rows, paths, lead):
    warped = rows.float()
    ids = torch.tensor([[*([START] if lead == 1 else PROMPT), *path] for path in paths])
    for processor in (
        logits_process.RepetitionPenaltyLogitsProcessor(WARPED["repetition_penalty"]),
        logits_process.TemperatureLogitsWarper(WARPED["temperature"]),
        logits_process.TopKLogitsWarper(WARPED["top_k"]),
        logits_process.TopPLogitsWarper(WARPED["top_p"]),
        logits_process.MinPLogitsWarper(WARPED["min_p"]),
    ):
        warped = processor(ids, warped)
    return warped.softmax(-1)


@pytest.mark.parametrize("family", list(FAMILIES))
def test_surprisal_is_their_loss_in_bits(family):
    theirs, lm, lead = pair(family, 3)
    written = [4, 8, 8, 20]
    with torch.no_grad():
        if lead == 1:
            loss = theirs(input_ids=torch.tensor([PROMPT]), labels=torch.tensor([written])).loss
            # Their decoder starts with decoder_start_token_id and reads the labels, shifted by one.
            found = entropy.along(lm, PROMPT, target=written)
        else:
            loss = theirs(torch.tensor([PROMPT + written]), labels=torch.tensor([PROMPT + written])).loss
            found = entropy.along(lm, PROMPT + written)
    bits = sum(place.surprisal for place in found) / len(found)
    assert bits == pytest.approx(float(loss) / math.log(2), rel=1e-5)
    for place in found:
        assert (
            0 <= place.entropy <= math.log2(V)
            and place.surprisal >= -math.log2(place.best_probability) - 1e-6
        )


@pytest.fixture
def bert(tmp_path):
    config = BertConfig(
        vocab_size=V, hidden_size=24, num_attention_heads=3, num_hidden_layers=2, intermediate_size=32,
        max_position_embeddings=16, attn_implementation="eager",
    )  # fmt: skip
    theirs = scatter_weights(BertForMaskedLM(config), seed=4)
    loaded = saved_and_loaded(theirs, tmp_path)
    return theirs, LanguageModel(loaded.model, word_tokenizer(), name="bert")


MASK = 1  # of tests.oracle.compare's tokenizer
BLANKED = [7, MASK, 9, MASK, 20, MASK, 4]
SLOTS = (1, 3, 5)


@torch.no_grad()
def blank_scores(theirs, path):
    """Of the next blank after `path` has filled the first ones: (V,)."""
    ids = list(BLANKED)
    for slot, id in zip(SLOTS, path):
        ids[slot] = id
    return theirs(torch.tensor([ids])).logits[0, SLOTS[len(path)]].float()


def test_a_masked_models_tree_fills_its_blanks_from_left_to_right(bert):
    theirs, lm = bert
    grown = tree.grow(lm, BLANKED, depth=8, n_beams=4, shown=V, seed=1, length_penalty=0.0)
    assert grown.slots == SLOTS and grown.depth == 3 and grown.wanted == 8
    assert {path.finished for path in grown.paths} == {"filled"}
    for node in grown.nodes[1:]:
        log_p = blank_scores(theirs, path_to(grown, grown.nodes[node.parent])).log_softmax(-1)
        assert node.log_prob == pytest.approx(float(log_p[node.token_id]), rel=1e-4, abs=1e-6)
    ids: list[int] = []
    for _ in SLOTS:
        ids.append(int(blank_scores(theirs, ids).argmax()))
    assert list(grown.path("greedy").ids) == ids
    # A beam search as wide as the vocabulary forgets nothing at the first level, so with two blanks it is exhaustive.
    wide = tree.grow(lm, BLANKED[:4], depth=2, n_beams=V, strategies=["beam"], length_penalty=0.0)
    proof = exact.best(lm, BLANKED[:4], 2, n=3)
    assert proof.proven and [text.ids for text in proof.texts] == [path.ids for path in wide.paths[:3]]


def test_together_and_one_by_one(bert):
    theirs, lm = bert
    found = fill.fill(lm, BLANKED)
    with torch.no_grad():
        open_blanks = theirs(torch.tensor([BLANKED])).logits[0, list(SLOTS)].float().softmax(-1)
    assert [blank.id for blank in found.together] == open_blanks.argmax(-1).tolist()
    in_turn: list[int] = []
    for _ in SLOTS:
        in_turn.append(int(blank_scores(theirs, in_turn).argmax()))
    assert [blank.id for blank in found.one_by_one] == in_turn
    for blanks, total in (
        (found.together, found.log_prob_together),
        (found.one_by_one, found.log_prob_one_by_one),
    ):
        ids = [blank.id for blank in blanks]
        for n, blank in enumerate(blanks):
            assert blank.position == SLOTS[n]
            assert blank.alone == pytest.approx(float(open_blanks[n, blank.id]), rel=1e-4)
            assert blank.in_turn == pytest.approx(
                float(blank_scores(theirs, ids[:n]).softmax(-1)[blank.id]), rel=1e-4
            )
        assert total == pytest.approx(sum(math.log(blank.in_turn) for blank in blanks), rel=1e-4)
    assert [found.ids_one_by_one[slot] for slot in SLOTS] == in_turn
    assert [found.ids_together[place] for place in (0, 2, 4, 6)] == [7, 9, 20, 4]


def test_a_masked_models_surprisal_masks_each_token_in_turn(bert):
    theirs, lm = bert
    text = [7, 12, 9, 20, 4]
    found = entropy.along(lm, text)
    assert [place.index for place in found] == list(range(5))
    for place in found:
        ids = list(text)
        ids[place.index] = MASK
        with torch.no_grad():
            log_p = theirs(torch.tensor([ids])).logits[0, place.index].float().log_softmax(-1)
        assert place.surprisal == pytest.approx(-float(log_p[place.id]) / math.log(2), rel=1e-4)
        assert place.entropy == pytest.approx(-float((log_p.exp() * log_p).sum()) / math.log(2), rel=1e-4)
        assert place.best_id == int(log_p.argmax())
