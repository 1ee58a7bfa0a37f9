"""What the lower half of the Attention page gives to the notebook: its masks and its shared keys, computed again."""

from __future__ import annotations

from collections.abc import Iterable

from pages.attention.variants_seen import Read, Seen


def cells(read: Read, seen: Seen) -> list[str]:
    """A cell for the masks and one for the shared keys; `lm` is the notebook's model."""
    where = f"attention={read.masked!r}, target={read.target or None!r}, row={read.row}"
    masks = f"""# %% Other masks on the whole stack: the next word, and the loss of the text
from core.analysis.heads.masks import MaskRule, under_masks

rules = {list(seen.rules)!r}
under = under_masks(lm, {read.text!r}, rules, {where})
for one in under:
    token = int(one.probabilities.argmax())
    print(one.rule, repr(lm.tokenizer.display(token)), round(float(one.probabilities[token]), 3), round(one.loss, 3))
assert np.allclose([one.loss for one in under], {_numbers(one.loss for one in seen.masks)}, atol=1e-3)
assert np.allclose([one.probabilities.max() for one in under], {
        _numbers(one.probabilities.max() for one in seen.masks)
    }, atol=1e-3)"""
    shared = f"""# %% Fewer heads of keys and values: the mean of each group's projections
from core.analysis.heads.shared_keys import sharings

shared = sharings(lm, {read.text!r}, target={read.target or None!r}, row={read.row})
for one in shared:
    print(one.name, one.kv_heads, one.cache, "bytes", round(one.loss, 3))
assert [one.cache for one in shared] == {[one.cache for one in seen.sharings]}
assert np.allclose([one.loss for one in shared], {_numbers(one.loss for one in seen.sharings)}, atol=1e-3)"""
    return [masks, shared]


def _numbers(values: Iterable[float]) -> list[float]:
    return [round(float(value), 5) for value in values]
