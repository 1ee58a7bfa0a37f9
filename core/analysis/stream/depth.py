"""Statistics of a pass and its gradient by block: size of the stream, carried share, gradient, attention entropy.

The same measurements serve a model in training (`core.analysis.health.training_health`) and one with a part taken out
(`core.analysis.health.component_ablation`): what a missing part does shows in how these numbers run with depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.hooks import recording
from core.model.block import Block
from core.model.transformer import EncoderDecoder, Transformer

NEVER = 0.01  # of the layer's rms: a neuron below it at every token is dead
_READ = (
    "hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_normalized_resid_post", "attn.hook_attn_scores",
    "attn.hook_pattern", "mlp.hook_post",
)  # fmt: skip


@dataclass(frozen=True)
class Depth:
    """Statistics of one pass over B rows of T tokens, by block, from the input up. L blocks, H heads.

    Attributes:
        names: of the blocks: "0", "1", ...; "encoder 0", ..., "decoder 0", ... where there are two stacks.
        loss: nats, of the pass.
        activation: rms of what leaves each block.
        read: rms of what each block's attention reads: 1 after a norm without gain.
        carry: cosine between what enters and what leaves a block, mean over the tokens: how much of the stream arrives.
        gradient: rms of the loss's gradient by the two matrices of the block that write into the stream.
        entropy: (L, H) of the attention, as a share of the largest possible (the logarithm of the keys in sight).
        spread: standard deviation of a query's scores over the keys in sight, mean over queries and heads.
        ahead: share of the attention that goes to later positions.
        dead: share of the MLP's neurons that never fire in this pass.
        logit_spread: standard deviation of the logits over the vocabulary, mean over the positions.

    An entry is nan where there is nothing to measure: entropy and spread of a text of one token, what follows an
    overflow.
    """

    names: tuple[str, ...]
    loss: float
    activation: tuple[float, ...]
    read: tuple[float, ...]
    carry: tuple[float, ...]
    gradient: tuple[float, ...]
    entropy: tuple[tuple[float, ...], ...]
    spread: tuple[float, ...]
    ahead: tuple[float, ...]
    dead: tuple[float, ...]
    logit_spread: float


def measure_depth(
    model: Transformer | EncoderDecoder, forward: Callable[[], Tensor], *, gradient: bool = True
) -> Depth:
    """Run `forward` once, recording every block, and take the gradient of the loss that it returns.

    No random number is drawn, no `.grad` is written and no flag of the model changes, so a training run is not
    affected.

    Args:
        forward: runs `model` and returns a loss, a scalar.
        gradient: False leaves the gradients out (nan).
    """
    places = list(blocks_of(model))
    prefixes = [prefix for prefix, _ in places]
    said = "decoder.unembed.hook_out" if isinstance(model, EncoderDecoder) else "unembed.hook_out"
    wanted = [said, *(f"{prefix}.{name}" for prefix in prefixes for name in _READ)]
    with torch.set_grad_enabled(gradient), recording(wanted) as seen:
        loss = forward()
    sizes = _gradients(loss, [block for _, block in places]) if gradient else [math.nan] * len(places)
    with torch.no_grad():
        attention = [_attention(seen, prefix) for prefix in prefixes]
        return Depth(
            names=tuple(_short(prefix) for prefix in prefixes),
            loss=float(loss.detach()),
            activation=tuple(rms(_left(seen, prefix)) for prefix in prefixes),
            read=tuple(_read(seen, prefix, block) for prefix, block in places),
            carry=tuple(_carry(seen, prefix) for prefix in prefixes),
            gradient=tuple(sizes),
            entropy=tuple(entropy for entropy, _, _ in attention),
            spread=tuple(spread for _, spread, _ in attention),
            ahead=tuple(ahead for _, _, ahead in attention),
            dead=tuple(dead_share(seen[f"{prefix}.mlp.hook_post"]) for prefix in prefixes),
            logit_spread=float(seen[said].float().std(-1, unbiased=False).mean()),
        )


def blocks_of(model: nn.Module) -> Iterator[tuple[str, Block]]:
    """List every block with its path, in the order of the computation.

    "blocks.0", or "encoder.blocks.0", "decoder....".
    """
    for path, part in model.named_modules():
        if isinstance(part, Block):
            yield path, part


def rms(x: Tensor) -> float:
    """Compute the root of the mean square of all entries."""
    return float(x.detach().float().square().mean().sqrt())


def attention_entropy(pattern: Tensor, allowed: Tensor) -> Tensor:
    """Compute the entropy of attention as a share of the log of the visible keys: (B, H, T, S), same bool -> (H,).

    Queries that see a single key have no choice and are left out; nan if there are no others.
    """
    entropy = -(pattern * pattern.clamp_min(1e-30).log()).sum(-1)  # (B, H, T)
    most = allowed.sum(-1).clamp_min(1).log()  # (B, H, T)
    chooses = (most > 0).to(entropy.dtype)
    share = (entropy / most.clamp_min(1e-9) * chooses).sum((0, 2))  # (H,)
    return share / chooses.sum((0, 2))


def score_spread(scores: Tensor, allowed: Tensor) -> float:
    """Compute the standard deviation of a query's scores over the visible keys, averaged over queries with two or
    more."""
    count = allowed.sum(-1)  # (B, H, T)
    seen = scores.masked_fill(~allowed, 0.0)
    mean = seen.sum(-1) / count.clamp_min(1)
    variance = ((seen - mean[..., None]).masked_fill(~allowed, 0.0).square().sum(-1)) / count.clamp_min(1)
    return float(variance.sqrt()[count > 1].mean())


def ahead_share(pattern: Tensor) -> float:
    """Compute the share of attention to keys after the query, by position: (B, H, T, S) -> mean over the rest."""
    return float(pattern.triu(1).sum(-1).mean())


def dead_share(post: Tensor) -> float:
    """Compute the share of neurons (B, T, F) whose output stays below `NEVER` of the layer's rms at every token."""
    most = post.abs().flatten(0, -2).amax(0)  # (F,)
    size = rms(post)
    return float((most <= NEVER * size).float().mean()) if math.isfinite(size) else math.nan


def _left(seen: dict[str, Tensor], prefix: str) -> Tensor:
    """Return what the next block gets: (B, T, D)."""
    after = seen.get(f"{prefix}.hook_normalized_resid_post")
    return seen[f"{prefix}.hook_resid_post"] if after is None else after


def _read(seen: dict[str, Tensor], prefix: str, block: Block) -> float:
    entering = seen[f"{prefix}.hook_resid_pre"]
    return rms(entering if block.post_norm else block.ln1(entering))


def _carry(seen: dict[str, Tensor], prefix: str) -> float:
    entered, left = seen[f"{prefix}.hook_resid_pre"], _left(seen, prefix)
    if not math.isfinite(rms(left)):  # the cosine is meaningless after an overflow
        return math.nan
    return float(F.cosine_similarity(entered, left, dim=-1).mean())


def _attention(seen: dict[str, Tensor], prefix: str) -> tuple[tuple[float, ...], float, float]:
    scores, pattern = seen[f"{prefix}.attn.hook_attn_scores"], seen[f"{prefix}.attn.hook_pattern"]
    allowed = scores > -torch.inf
    return (
        tuple(attention_entropy(pattern, allowed).tolist()),
        score_spread(scores, allowed),
        ahead_share(pattern),
    )


def _gradients(loss: Tensor, blocks: Sequence[Block]) -> list[float]:
    """Compute the rms of the gradient of attn.W_O and mlp.W_out together, for each block."""
    matrices = [(block.attn.weight_o, block.mlp.weight_out) for block in blocks]
    found = torch.autograd.grad(loss, [weight for pair in matrices for weight in pair], allow_unused=True)
    sizes = []
    for at, pair in enumerate(matrices):
        squares = [grad.float().square().sum() for grad in found[2 * at : 2 * at + 2] if grad is not None]
        sizes.append(math.sqrt(float(sum(squares)) / sum(weight.numel() for weight in pair)))
    return sizes


def _short(prefix: str) -> str:
    return prefix.replace(".blocks.", " ").removeprefix("blocks.")
