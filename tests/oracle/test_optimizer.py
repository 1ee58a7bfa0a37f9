"""Our steps against torch.optim's, weight by weight; the loss and the quick derivatives against torch's own."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.config import preset
from core.model.feed_forward import ACTIVATIONS
from core.model.initial import initialise
from core.model.norm import Normalise
from core.model.transformer import build
from core.training import TrainSpec
from core.training.fast_cpu import QUICK_BENDS, heads_in_learning, put_in, rms_trained, take_out
from core.training.loss import UNSCORED, cross_entropy, next_token_loss
from core.training.muon import COEFFICIENTS, Muon, orthogonalise
from core.training.optimizers import Groups, Optimizer

STEPS = 4


def small_model(name="gpt-nano", **changes):
    config = preset(name, d_vocab=40, **changes)
    model = build(config)
    initialise(model, config, seed=2, spread=0.2)
    return model.train()


def rows(seed, count=3, length=9):
    return torch.randint(40, (count, length), generator=torch.Generator().manual_seed(seed))


def own_parts(name, weight):
    """What is one matrix to Muon: queries, keys and values are stored in one weight, but are three."""
    return weight.chunk(3) if name.endswith("weight_qkv") else (weight,)


@pytest.mark.parametrize(("precision", "close"), [("bfloat16", 1e-3), ("float32", 2e-5)])
def test_muon_is_torchs_where_the_options_are_the_same(precision, close, monkeypatch):
    if precision == "float32":  # torch's own rounds to bfloat16 whatever it is given
        monkeypatch.setattr(torch, "bfloat16", torch.float32)
    model = small_model()
    spec = TrainSpec(
        learning_rate=0.03, momentum=0.9, weight_decay=0.1, polar="jordan", embed_rate=0.0, head_rate=0.0,
        precision=precision,
    )  # fmt: skip
    mine = Optimizer(model, spec)
    matrices = mine.groups.matrices
    theirs = {
        name: [nn.Parameter(part.detach().clone()) for part in own_parts(name, weight)]
        for name, weight in matrices.items()
    }
    peer = torch.optim.Muon(
        [part for parts in theirs.values() for part in parts], lr=0.03, momentum=0.9, weight_decay=0.1
    )
    for step in range(STEPS):
        share = 1 - step / STEPS
        next_token_loss(mine.working, rows(step)).backward()
        worked = dict(mine.working.named_parameters())
        for name, parts in theirs.items():
            for part, gradient in zip(parts, own_parts(name, worked[name].grad.float())):
                part.grad = gradient.clone()
        peer.param_groups[0]["lr"] = 0.03 * share
        peer.step()
        before = {name: weight.detach().clone() for name, weight in matrices.items()}
        moved = mine.step(share)
        for name, parts in theirs.items():
            # The products are of another order: ours are of many matrices at once.
            torch.testing.assert_close(matrices[name].detach(), torch.cat(parts).detach(), atol=close, rtol=0)
        assert moved.update > 0.03 * share  # so a thousandth is far below what a step moves
        squares = [(matrices[name].detach() - was).square().sum() for name, was in before.items()]
        assert float(torch.stack(squares).sum().sqrt()) == pytest.approx(moved.update, rel=0.02)


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam", "adamw"])
@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_every_other_step_is_torchs(kind, clip):
    model, spec = (
        small_model(),
        TrainSpec(
            optimizer=kind,
            learning_rate=0.02,
            momentum=0.8,
            beta1=0.85,
            beta2=0.97,
            weight_decay=0.1,
            clip=clip,
        ),
    )
    peer_model = copy.deepcopy(model)
    parts = [list(part.values()) for part in vars(Groups.of(peer_model)).values()]
    groups = [
        {"params": [*parts[0], *parts[1], *parts[2]], "weight_decay": 0.1},
        {"params": parts[3], "weight_decay": 0.0},
    ]
    peer = {
        "sgd": lambda: torch.optim.SGD(groups, lr=0.02),
        "momentum": lambda: torch.optim.SGD(groups, lr=0.02, momentum=0.8),
        "adam": lambda: torch.optim.Adam(groups, lr=0.02, betas=(0.85, 0.97)),
        "adamw": lambda: torch.optim.AdamW(groups, lr=0.02, betas=(0.85, 0.97)),
    }[kind]()
    mine = Optimizer(model, spec)
    put_in(peer_model)  # steps are compared, not derivatives
    for step in range(STEPS):
        start = [weight.detach().clone() for weight in model.parameters()]
        for each in (model, peer_model):
            next_token_loss(each, rows(step)).backward()
        norm = nn.utils.clip_grad_norm_(peer_model.parameters(), clip or float("inf"))
        peer.step()
        peer.zero_grad()
        moved = mine.step()
        assert moved.gradient == pytest.approx(norm.item(), rel=1e-5)
        for (name, weight), other in zip(model.named_parameters(), peer_model.parameters()):
            torch.testing.assert_close(weight, other, atol=1e-4, rtol=0, msg=name)  # Adam moves 0.02
        length = sum((a - b).square().sum() for a, b in zip(start, model.parameters())).sqrt()
        assert moved.update == pytest.approx(length.item(), rel=1e-4)


@pytest.mark.parametrize("polar", list(COEFFICIENTS))
@pytest.mark.parametrize("shape", [(24, 24), (16, 64), (64, 16)])
@pytest.mark.parametrize("products", [torch.float32, torch.bfloat16])
def test_an_orthogonalised_matrix_has_the_directions_of_the_polar_factor(polar, shape, products):
    matrices = torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    mine = orthogonalise(matrices, polar, products).float()
    sizes = torch.linalg.svdvals(mine)
    assert sizes.max() < 1.65 and sizes.median() > 0.65
    along = torch.einsum("nrk,nrc,nkc->nk", u, mine, v)  # the size of each direction, without the others
    assert along.min() > 0.3
    off = mine - u * along[:, None] @ v
    assert torch.linalg.vector_norm(off) < 0.06 * torch.linalg.vector_norm(mine)
    assert torch.equal(
        orthogonalise(torch.zeros(2, *shape), polar, products), torch.zeros(2, *shape).to(products)
    )


@pytest.mark.parametrize("polar", list(COEFFICIENTS))
@pytest.mark.parametrize("shape", [(24, 24), (16, 64), (64, 16)])
def test_an_orthogonalised_matrix_is_what_its_polynomials_make_of_the_singular_values(polar, shape):
    matrices = torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))
    u, sizes, v = torch.linalg.svd(matrices.double(), full_matrices=False)
    sizes = sizes / sizes.square().sum(-1, keepdim=True).sqrt()
    for a, b, c in COEFFICIENTS[polar]:  # each moves the singular values and leaves the directions
        sizes = a * sizes + b * sizes**3 + c * sizes**5
    mine = orthogonalise(matrices, polar, torch.float32)
    torch.testing.assert_close(mine.double(), u * sizes[:, None] @ v, atol=2e-5, rtol=0)
    coarse = orthogonalise(matrices, polar, torch.bfloat16)
    assert (
        coarse.double() - mine
    ).abs().max() > 1e-3  # what bfloat16 rounds away, this tolerance would notice


def test_polar_express_is_the_better_in_the_worst_case_of_as_many_iterations():
    values = torch.logspace(-3, 0, 1000, dtype=torch.float64)  # as far down as its coefficients are made for
    worst = {}
    for polar, triples in COEFFICIENTS.items():
        x = values
        for a, b, c in triples[: len(COEFFICIENTS["polar_express"])]:
            x = a * x + b * x**3 + c * x**5
        worst[polar] = (x - 1).abs().max().item()
    assert worst["polar_express"] < 0.7 * worst["jordan"]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_loss_and_its_gradient_are_torchs(smoothing, dtype):
    draw = torch.Generator().manual_seed(0)
    logits = (4 * torch.randn(3, 7, 31, generator=draw)).to(dtype)
    targets = torch.randint(31, (3, 7), generator=draw)
    targets[0, :4] = UNSCORED
    mine, theirs = (logits.clone().requires_grad_() for _ in range(2))
    loss = cross_entropy(mine, targets, smoothing)
    expected = F.cross_entropy(theirs.float().flatten(0, 1), targets.flatten(), label_smoothing=smoothing)
    torch.testing.assert_close(loss, expected, atol=1e-6, rtol=1e-5)
    (3 * loss).backward()
    (3 * expected).backward()
    tolerance = 1e-7 if dtype == torch.float32 else 1e-3
    torch.testing.assert_close(
        mine.grad, theirs.grad, atol=tolerance, rtol=1e-2 if tolerance > 1e-6 else 1e-5
    )
    assert mine.grad[0, :4].abs().max() == 0


def test_the_quick_derivatives_are_the_slow_ones():
    draw = torch.Generator().manual_seed(0)
    x = (2 * torch.randn(5, 6, 16, generator=draw, dtype=torch.float64)).requires_grad_()
    assert set(QUICK_BENDS) == {ACTIVATIONS["gelu_tanh"], ACTIVATIONS["relu_squared"]}
    for slow_bend, quick in QUICK_BENDS.items():
        assert torch.autograd.gradcheck(quick, (x,))
        torch.testing.assert_close(quick(x), slow_bend(x))
    slow = Normalise(16, "rms", 1e-6, gain=False).eval()
    weights = torch.randn(5, 6, 16, generator=draw)
    single = x.detach().float().requires_grad_()
    (mine,) = torch.autograd.grad((rms_trained(single, 1e-6) * weights).sum(), single)
    (theirs,) = torch.autograd.grad((slow(single) * weights).sum(), single)
    torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(rms_trained(single, 1e-6), slow(single), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("kv_heads", [4, 2])
def test_heads_for_learning_read_what_torchs_attention_does(causal, kv_heads):
    draw = torch.Generator().manual_seed(0)
    q, k, v = (
        torch.randn(2, 10, heads, 8, generator=draw).requires_grad_() for heads in (4, kv_heads, kv_heads)
    )
    weights = torch.randn(2, 10, 4, 8, generator=draw)
    mine = heads_in_learning(torch.cat([q, k, v], dim=2), 4, 0.4, causal=causal)
    first, second, third = (x.transpose(1, 2) for x in (q, k, v))
    theirs = F.scaled_dot_product_attention(
        first, second, third, is_causal=causal, scale=0.4, enable_gqa=True
    ).transpose(1, 2)
    torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)
    for a, b in zip(*(torch.autograd.grad((z * weights).sum(), (q, k, v)) for z in (mine, theirs))):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt-nano", "gpt2-nano"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"norm_gain": False}, {"position": "alibi"}, {"n_heads": 4, "n_kv_heads": 2, "d_head": 12}],
)
def test_attention_in_half_precision_learns_as_in_full(name, changes):
    attention = small_model(name, **changes).blocks[0].attn
    put_in(attention)
    half = copy.deepcopy(attention).bfloat16()
    model = small_model(name, **changes)
    x = torch.randn(3, 9, 48, generator=torch.Generator().manual_seed(1))
    found = []
    for part, dtype in ((attention, torch.float32), (half, torch.bfloat16)):
        geometry = model.geometry(torch.arange(9), 0, None, dtype)
        alone = part is half and "alibi" not in changes.values()
        assert part._learns_alone(x.to(dtype), geometry) == alone
        given = x.detach().clone().to(dtype).requires_grad_()
        out = part(given, geometry)
        (out.float() ** 3).sum().backward()
        found.append([out, given.grad, *(weight.grad for weight in part.parameters())])
    for mine, theirs in zip(*found):
        assert F.cosine_similarity(mine.float().flatten(), theirs.float().flatten(), dim=0) > 0.995


@pytest.mark.parametrize("name", ["gpt-nano", "gpt2-nano"])
@pytest.mark.parametrize(
    "changes", [{}, {"position": "alibi"}, {"n_heads": 4, "n_kv_heads": 2, "d_head": 12}]
)
def test_a_model_with_quick_derivatives_has_the_values_and_gradients_of_one_without(name, changes):
    model = small_model(name, **changes)
    kinds = [type(part) for part in model.modules()]
    gradients = []
    for change in (put_in, take_out):
        change(model)
        assert (kinds == [type(part) for part in model.modules()]) == (change is take_out)
        loss = next_token_loss(model, rows(0))
        gradients.append([loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))])
    for a, b in zip(*gradients):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt-nano", "gpt2-nano"])
def test_the_half_precision_copy_learns_what_the_model_would(name):
    model = small_model(name)
    full = torch.autograd.grad(next_token_loss(model, rows(0)), list(model.parameters()))
    optimizer = Optimizer(model, TrainSpec(precision="bfloat16", optimizer="sgd", learning_rate=0.1))
    before = [weight.detach().clone() for weight in model.parameters()]
    assert {weight.dtype for weight in optimizer.working.parameters()} == {torch.bfloat16}
    next_token_loss(optimizer.working.train(), rows(0)).backward()
    optimizer.step()
    for was, gradient, weight, worked in zip(
        before, full, model.parameters(), optimizer.working.parameters()
    ):
        step = (was - weight.detach()).flatten() / 0.1
        assert F.cosine_similarity(step, gradient.flatten(), dim=0) > 0.98
        assert weight.dtype == torch.float32
        assert torch.equal(worked, weight.bfloat16())


def test_muon_refuses_what_is_no_matrix():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        Muon([nn.Parameter(torch.ones(3))], lr=0.1)
    weight = nn.Parameter(torch.ones(6, 2))
    with pytest.raises(ValueError, match="do not make 6"):
        Muon([weight], lr=0.1, pieces={weight: (2, 3)})
