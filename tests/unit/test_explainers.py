"""What is explained and how it is judged: readouts, verdicts, probes' truths, and a circuit built by hand."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

import core
from core.analysis.explaining.explainers import (
    INTEGRATED,
    LEFT_OUT,
    NAMES,
    RAW,
    ROLLOUT,
    explain,
    gradient_times_input,
    only_directions,
)
from core.analysis.explaining.faithfulness import BY_LUCK, ORDERS, faithfulness, fewest, holm
from core.analysis.explaining.integrated_gradients import double_steps, gauss_legendre, integrated_gradients
from core.analysis.explaining.readout import Readout, baseline, neutral_token
from core.analysis.explaining.rollout import attention_flow, attention_rollout
from core.analysis.explaining.selectivity import (
    TASKS,
    control_labels,
    examples,
    probe_layer,
    read_streams,
    selectivity,
)
from core.analysis.patching import circuit_walk
from core.analysis.patching.circuit import KINDS, first_loss, loss_by_place, loss_of, writers
from core.analysis.patching.circuit_texts import MATERIALS, said_twice
from core.analysis.patching.circuit_walk import OTHERS, collect, count, steps, walk
from core.data.toyland import Person, story
from core.model.transformer import build
from tests.heads import SHAPES, TEXT, fresh, induction_model, target_of, tiny


@pytest.fixture(scope="module")
def tales():
    return core.load("tales-gpt", device="cpu")


# ------------------------------------------------------------------------------------------------ the number


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("row", [-1, 1])
def test_the_number_is_that_of_the_trace(shape, row):
    lm = tiny(shape)
    of = Readout.of(lm, TEXT, target=target_of(lm), row=row)
    logits = lm.trace(TEXT, target_of(lm)).logits[row]
    assert of.token == int(logits.argmax())
    with torch.no_grad():
        assert float(of(of.vectors[None])) == pytest.approx(float(logits.softmax(-1).max()))
        assert float(replace(of, says="logit")(of.vectors[None])) == pytest.approx(float(logits.max()))
        assert float(replace(of, says="log probability")(of.vectors[None])) == pytest.approx(
            float(logits.log_softmax(-1).max())
        )


def test_after_the_row_nothing_is_read_where_the_model_is_causal():
    assert len(Readout.of(tiny("gpt"), [5, 6, 7, 8], row=1).ids) == 2
    assert len(Readout.of(tiny("bert"), [5, 6, 7, 8], row=1).ids) == 4


def test_special_tokens_are_not_for_taking_away(tales):
    start = tales.config.bos_id
    of = Readout.of(tales, [start, 40, 41])
    assert of.free == (1, 2)
    assert baseline(of, "zero")[0].equal(of.vectors[0]) and not baseline(of, "zero")[1:].any()
    with pytest.raises(ValueError, match="special tokens only"):
        Readout.of(tales, [start])


def test_baselines(tales):
    of = Readout.of(tales, "the red ball")
    assert neutral_token(tales) == tales.config.bos_id
    table = tales.transformer.embed.W_E.detach() * tales.config.embed_scale
    torch.testing.assert_close(baseline(of, "token")[1], table[tales.config.bos_id])
    torch.testing.assert_close(baseline(of, "mean")[1], table.mean(0))
    bert = core.load("tales-bert", device="cpu")
    assert neutral_token(bert) == bert.config.mask_id


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda lm: Readout.of(lm, "a", says="loudness"), "not one of probability, logit"),
        (lambda lm: Readout.of(lm, "a", row=9), "row 9 is not one of"),
        (lambda lm: Readout.of(lm, "a", token=10**6), "outside the vocabulary"),
        (lambda lm: Readout.of(lm, ""), "special tokens only"),
        (lambda lm: baseline(Readout.of(lm, "a"), "noise"), "not one of token, mean, zero"),
        (lambda lm: gauss_legendre(0), "from 1 to 512"),
        (lambda lm: gauss_legendre(513), "from 1 to 512"),
        (lambda lm: attention_rollout([]), "at least one map"),
        (lambda lm: attention_rollout([np.eye(2)], 1.5), "residual from 0 to 1"),
        (lambda lm: examples(lm, "mood"), "not one of held, holder, hero"),
        (lambda lm: examples(lm, "held", stories=3), "needs 8 or more"),
    ],
)
def test_bad_input_says_what_to_do(tales, call, words):
    with pytest.raises(ValueError, match=words):
        call(tales)


def test_one_token_has_no_order(tales):
    of = Readout.of(tales, "ball"[:1])
    base = baseline(of)
    assert len(of.free) == 1 and np.flatnonzero(integrated_gradients(of, base).values).tolist() == list(
        of.free
    )
    with pytest.raises(ValueError, match="write two or more"):
        faithfulness(of, base, explain(of, base))
    with pytest.raises(ValueError, match="must be at least 1"):
        faithfulness(Readout.of(tales, "the ball"), baseline(Readout.of(tales, "the ball")), {}, orders=0)


def test_a_model_without_blocks_has_no_attention_to_explain_with(tales):
    of = Readout.of(tales, "the red ball")
    assert set(explain(of, baseline(of))) == set(NAMES)
    lm = fresh("gpt")
    empty = type(lm)(build(lm.config.replace(n_layers=0)).double().eval(), lm.tokenizer, "no block")
    of = Readout.of(empty, TEXT)
    assert attention_flow(of) is None
    assert not {ROLLOUT, RAW} & set(explain(of, baseline(of, "zero"), 2))


@pytest.mark.parametrize(
    ("changes", "only"),
    [
        ({"position": "alibi", "embed_norm": True}, True),
        ({"position": "learned", "embed_norm": True}, False),
        ({"position": "rotary", "embed_norm": True, "n_token_types": 2}, False),
        ({"position": "rotary", "embed_norm": True, "norm": "none"}, False),
        ({"position": "alibi"}, False),
    ],
)
def test_gradient_times_input_is_zero_where_only_directions_count(changes, only):
    """A token's length counts as soon as something is added to its vector before the norm, as BERT does."""
    lm = fresh("gpt")
    lm = type(lm)(build(lm.config.replace(**changes)).double().eval(), lm.tokenizer, "normed")
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in lm.transformer.parameters():
            weight.normal_(0.0, 0.3)
    assert only_directions(lm) is only
    values = gradient_times_input(Readout.of(lm, TEXT, says="logit"))
    assert bool(np.abs(values).max() < 1e-4) is only, values


def test_steps_are_doubled_until_the_shares_add_up(tales):
    of = Readout.of(tales, "the red ball")
    base = baseline(of, "zero")
    few = integrated_gradients(of, base, 1)
    assert not few.adds_up and few.steps == 1 and INTEGRATED not in explain(of, base, 1)
    *_, found = double_steps(of, base, 1, 256)
    assert found.adds_up and not integrated_gradients(of, base, found.steps // 2).adds_up
    assert abs(found.delta) <= 0.05 * abs(found.at - found.base)
    assert INTEGRATED in explain(of, base, found.steps)


def test_shares_that_do_not_add_up_with_any_steps_are_left_out():
    """Where each token's vector is normed first, the change from zeros lies at the very beginning of the way."""
    lm = fresh("gpt")
    changed = lm.config.replace(position="alibi", embed_norm=True)
    lm = type(lm)(build(changed).double().eval(), lm.tokenizer, "normed")
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in lm.transformer.parameters():
            weight.normal_(0.0, 0.3)
        lm.transformer.embed.W_E.mul_(100)  # beside its length, the norm's epsilon is nothing
    of = Readout.of(lm, TEXT, says="logit")
    base = baseline(of, "zero")
    *_, found = double_steps(of, base, 4, 48)
    assert found.steps == 48 and not found.adds_up
    assert set(explain(of, base, found.steps)) == set(NAMES) - {INTEGRATED}


# ------------------------------------------------------------------------------------------------ faithfulness


class Sum:
    """Stands for a readout whose number is the sum of what its tokens are worth."""

    def __init__(self, worth: list[float]) -> None:
        self.worth = np.array(worth)
        self.free = tuple(range(len(worth)))

    def kept(self, keep, base):
        return keep @ self.worth


def test_the_true_order_beats_random_and_its_reverse_is_worse():
    worth = [5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.2, 0.1]
    of = Sum(worth)
    found = faithfulness(of, None, {"true": np.array(worth), "false": -np.array(worth), "flat": np.zeros(8)})
    for side in ("deletion", "insertion"):
        verdicts = {name: curve.verdict for name, curve in found.side(side).items()}
        assert verdicts["true"] == "better than random" and verdicts["false"] == "worse than random"
    assert found.at == pytest.approx(15.8) and found.base == 0
    # Equal values keep the order of the text, which here happens to be the true one.
    assert found.deletion["flat"].order == tuple(range(8))
    low, middle, high = found.band("deletion")
    assert (low <= middle).all() and (middle <= high).all()
    # By hand: the curve of the true order falls by the greatest first.
    assert found.deletion["true"].values[:3] == pytest.approx([15.8, 10.8, 6.8])
    assert found.insertion["true"].values[:3] == pytest.approx([0, 5, 9])


def test_a_text_of_few_tokens_proves_nothing():
    found = faithfulness(Sum([3.0, 2.0, 1.0]), None, {"true": np.array([3.0, 2.0, 1.0])})
    assert {curve.verdict for curve in found.deletion.values()} == {"too few tokens"}


def test_holms_correction_is_the_closed_test():
    """Marcus, Peritz & Gabriel 1976: a test passes if every set of tests that holds it does, by Bonferroni."""
    draw = np.random.default_rng(0)
    for _ in range(20):
        shares = draw.uniform(size=5) ** 3
        sets = [one for size in range(1, 6) for one in itertools.combinations(range(5), size)]
        closed = [
            max(min(1.0, len(one) * min(shares[at] for at in one)) for one in sets if test in one)
            for test in range(5)
        ]
        assert holm(shares.tolist()) == pytest.approx(closed)
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == [] and holm([0.04]) == [0.04]


def test_the_best_rank_of_so_many_orders_passes_the_correction_for_ten():
    assert 10 / (ORDERS + 1) <= BY_LUCK < 10 / (ORDERS / 2 + 1)
    assert [fewest(tests) for tests in (1, 10)] == [4, 6]


def test_luck_of_several_explainers():
    lucky = 0
    for seed in range(60):  # explanations by lot: hardly ever is one of them called better, on either side
        draw = np.random.default_rng(seed)
        of = Sum(list(draw.normal(size=9)))
        found = faithfulness(of, None, {str(i): draw.normal(size=9) for i in range(5)}, seed=seed)
        curves = [*found.deletion.values(), *found.insertion.values()]
        lucky += any(curve.verdict == "better than random" for curve in curves)
        assert {curve.verdict == "better than random" for curve in curves if curve.corrected <= BY_LUCK} <= {
            True
        }
        assert all(curve.corrected >= curve.as_good for curve in curves)
    assert lucky <= 7


def test_leaving_out_is_the_first_step_of_deletion(tales):
    of = Readout.of(tales, "A red ball was lost. She found the red")
    base = baseline(of)
    explained = explain(of, base)
    curve = faithfulness(of, base, explained, orders=2).deletion[LEFT_OUT]
    assert curve.values[0] - curve.values[1] == pytest.approx(explained[LEFT_OUT].max(), abs=1e-6)


# ------------------------------------------------------------------------------------------------ probes


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ["tales-gpt", "tales-bert", "tales-t5"])
def test_words_are_where_the_story_has_them(task, name):
    lm = core.load(name, device="cpu")
    known = examples(lm, task, stories=16)
    assert {known.words[at].text for at in known.train}.isdisjoint(known.words[at].text for at in known.test)
    for rows in (known.train, known.test):
        labels = [known.words[at].label for at in rows]
        assert labels.count(TASKS[task][1][0]) == labels.count(TASKS[task][1][1]) > 0
    for one in known.words[::7]:
        piece = lm.tokenizer.decode([known.ids[one.text][one.position]]).strip().lower().removeprefix("##")
        assert piece and one.kind.endswith(piece[-2:].strip()), (piece, one)


def test_the_truth_is_replayed(tales):
    told = story(20_000, split="held_out")
    known = examples(tales, "holder", stories=8)
    ours = [one for one in known.words if one.text == 0]
    read = tales.tokenizer.decode(list(known.ids[0])[1:]).strip()
    assert told.text.startswith(read[:80])
    truths = []
    for index, sentence in enumerate(told.sentences[1:], start=1):
        for mention in sentence.mentions:
            if isinstance(told.entities.get(mention.entity), Person) and not mention.is_pronoun:
                facts = told.sentences[index - 1].state_after.facts
                holds = [
                    key[0] for key, value in facts.items() if key[1] == "where" and value == mention.entity
                ]
                truths.append("holds something" if holds else "holds nothing")
    assert [one.label for one in ours] == truths[: len(ours)]


def test_entities_are_named_persons_and_the_rest(tales):
    """What a learner sees of naming entities: a probe that tells persons from things and places, never by pronouns."""
    known = examples(tales, "name", stories=40)
    told = [story(20_000 + number, split="held_out") for number in range(40)]
    people = {person.name.lower() for one in told for person in one.people}
    alone = [one for one in known.words if one.kind in people]
    assert len(alone) > 100 and {one.label for one in alone} == {"a person"}
    things = [
        one
        for one in known.words
        if one.kind.split()[0] == "the" and one.kind.split()[-1] in ("lake", "kite", "ball")
    ]
    assert things and {one.label for one in things} == {"a thing or a place"}
    assert not {"he", "she", "it", "him", "her"} & {one.kind for one in known.words}
    vectors = np.concatenate(list(read_streams(tales, known)), axis=1)
    layer = probe_layer(known, vectors[-1], tales.config.n_layers)
    assert layer.task.share > 0.9 and layer.low > 0, "and surely more than the word's identity gives"


def test_what_only_the_word_tells_has_no_selectivity(tales):
    """Vectors that are the kinds of words themselves: the control is as easy as can be, the task is not."""
    known = examples(tales, "held", stories=30)
    kinds = sorted({one.kind for one in known.words})
    own = np.eye(len(kinds))[[kinds.index(one.kind) for one in known.words]]
    named = probe_layer(known, own, 0)
    truth = np.array([[one.label == TASKS["held"][1][0]] for one in known.words], dtype=float)
    told = probe_layer(known, truth, 0)
    assert named.selectivity < 0.05 and named.low < 0
    assert told.task.share == 1.0 and told.selectivity > named.selectivity + 0.15 and told.low > 0
    for lot in control_labels(known):
        assert all(
            len({label for one, label in zip(known.words, lot, strict=True) if one.kind == kind}) == 1
            for kind in kinds
        )


def test_layers_come_one_by_one(tales):
    found = list(selectivity(tales, "hero", stories=10))
    assert [one for one in found if isinstance(one, int)] == list(range(1, 11))
    assert [one.depth for one in found if not isinstance(one, int)] == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------ the circuit


def test_the_walk_goes_on_behind_what_is_known(monkeypatch):
    lm, asked = induction_model(), []

    def counted(*given, **more):
        asked.append(given)
        return loss_of(*given, **more)

    monkeypatch.setattr(circuit_walk, "loss_of", counted)
    whole = list(steps(lm))
    all_of_it = len(asked)
    assert len(whole) <= count(lm)
    known = dict(whole[:-6])
    alone = [name for name in known if name.startswith("alone")]
    asked.clear()
    left = list(steps(lm, known=known))
    assert [name for name, _ in left] == [name for name, _ in whole[-6:]]
    assert alone and len(asked) == all_of_it - len(alone), "no head is switched off alone again"
    assert collect(known | dict(left)).kept == collect(dict(whole)).kept


def test_the_walk_finds_the_circuit_that_was_built():
    found = walk(induction_model())
    assert found.found and all(
        found.findings[name] for name in ("gains", "looks", "way", "content", "told", "copies")
    )
    assert found.reader == (1, 0) and found.readers == ((1, 0),) and found.material == "tokens"
    assert found.writer.name == "L0H0" and found.writer.way == "keys"
    assert found.worth_of[found.material] == pytest.approx(found.worth[0]), "one definition"
    assert found.before > 0.95 and found.writer.keys < 0.2 and found.writer.queries > 0.9
    assert found.content > 0.95 and found.place < 0.1
    assert found.read[KINDS.index("previous token")] > 0.95 and found.copies > 0.95
    assert sum(found.read) == pytest.approx(1) and sum(found.even) == pytest.approx(1)
    assert 0 < found.even[KINDS.index("itself")] == pytest.approx(found.even[KINDS.index("previous token")])
    assert found.gain(found.plain) == pytest.approx(1) and found.gain(found.first) == pytest.approx(0)
    for name in ("reader", "writer", "both"):
        assert found.off[name].mean() > 5, "nats: sure to be wrong without them"
    assert found.others.shape == (OTHERS, 8) or len(found.others) == 1
    assert found.gain(found.others) > 0.95, "the blank heads are not missed"
    assert dict(found.kept)[2] < 0.1, "the two heads do it alone"


def test_a_model_with_one_of_the_two_missing_has_none():
    lm = induction_model()
    broken = type(lm)(copy.deepcopy(lm.transformer), lm.tokenizer, "broken")
    with torch.no_grad():
        broken.transformer.blocks[0].attn.weight_o.zero_()
    found = walk(broken)
    assert not found.found and not found.findings["looks"]


@pytest.mark.full(reason="takes 2 s")
def test_what_tales_gpt_does_goes_by_place(tales):
    """Measured, and told so on the page: one head, the same place of the list, whatever stands there."""
    found = walk(tales)
    assert found.material == "names" and found.worth[1] > 1
    assert found.readers == (found.reader,) and found.place > 0.3 > 0.1 > found.content
    assert not found.findings["content"] and found.found
    assert found.other > 0.3, "after another list it says that list's names"


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize("shape", SHAPES)
def test_random_weights_have_none_in_any_shape(shape):
    lm = tiny(shape)
    if lm.config.shape == "encoder" and lm.config.mask_id is None:
        with pytest.raises(ValueError, match="no mask"):
            walk(lm)
        return
    done = list(steps(lm))
    assert len(done) <= count(lm)
    found = collect(dict(done))
    assert not found.found
    assert found.alone.shape == found.look.shape == (lm.config.decoder_layers, lm.config.n_heads)


def test_said_twice():
    lm = tiny("gpt")
    said = said_twice(lm, texts=3, items=7)
    read, control, turned = said.sides[0], said.control[0], said.turned[0]
    first = read.shape[1] - 14  # a mark that every text begins with
    assert (read[:, first : first + 7] == read[:, first + 7 :]).all()
    assert (control[:, first + 7 :] == read[:, first + 7 :]).all()
    assert not set(read[0, first : first + 7].tolist()) & set(control[0, first : first + 7].tolist())
    for row, column, wanted in zip(said.asked, said.columns, said.wanted.T, strict=True):
        assert (read[:, row + 1] == wanted).all() and (read[:, column] == wanted).all()
    assert turned[:, first + 7 :].tolist() == [
        [*line[3:], *line[:3]] for line in read[:, first : first + 7].tolist()
    ]
    for row, column in said.by_content:  # what followed this token before is what follows it now
        assert (turned[:, column] == turned[:, row + 1]).all() and (
            turned[:, column - 1] == turned[:, row]
        ).all()
    assert set(said.by_place) < set(zip(said.asked, said.columns, strict=True))
    both = said_twice(tiny("t5"), texts=3, items=7)
    assert len(both.sides) == 2 and both.sides[1].shape[1] >= 15


def test_names_are_said_with_commas(tales):
    said = said_twice(tales, "names", texts=2, items=4)
    text = tales.tokenizer.decode(said.sides[0][0].tolist()[1:])
    assert text.count(",") == 6 and text.count(".") == 2
    once, twice, rest = text.split(".")
    assert once.strip() == twice.strip() and not rest.strip()
    assert all(tales.tokenizer.display(int(said.sides[0][0, at])) in ",." for at in said.marks)


def test_an_encoders_second_saying_has_holes():
    lm = core.load("tales-bert", device="cpu")
    said = said_twice(lm)
    assert said.sides[0][:, list(said.asked)].unique().tolist() == [lm.config.mask_id]
    assert torch.equal(said.sides[0][:, list(said.columns)], said.wanted)
    assert loss_of(lm, said).shape == first_loss(lm, said).shape == (8,)


def test_too_small_a_context():
    lm = fresh("gpt")
    short = type(lm)(build(lm.config.replace(n_ctx=6)).double().eval(), lm.tokenizer, "short")
    for material in MATERIALS:
        with pytest.raises(ValueError, match="too small a context"):
            said_twice(short, material)
    with pytest.raises(ValueError, match="too small a context"):
        walk(short)


def test_queries_are_not_keys():
    """In the model built by hand nothing before the reader writes into its queries: they are the token itself."""
    lm = induction_model()
    by_name = {one.name: one for one in writers(lm, said_twice(lm, texts=2), (1, 0))}
    assert by_name["L0H0"].queries == pytest.approx(by_name["L0H1"].queries)
    assert by_name["L0H0"].keys < 0.2 < 0.95 < by_name["L0H1"].keys
    assert set(by_name) == {"L0H0", "L0H1", "MLP 0"}


def test_the_first_saying_costs_what_it_costs_alone(tales):
    """The loss of the first saying cannot know of the second."""
    said = said_twice(tales, "names", texts=2)
    whole = first_loss(tales, said)
    alone = replace(said, sides=(said.sides[0][:, : max(said.columns) + 1],))
    assert first_loss(tales, alone) == pytest.approx(whole, abs=1e-4)
    places = loss_by_place(tales, said)
    assert places[[at - 1 for at in said.columns]].mean() == pytest.approx(whole.mean(), abs=1e-4)
    assert places[list(said.asked)].mean() == pytest.approx(loss_of(tales, said).mean(), abs=1e-4)
