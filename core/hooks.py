"""Hooks: named places in the forward pass where a value can be read or replaced.

A `HookPoint` is an identity function with a dotted name, declared with its shape where it is used. Recorders and
interventions are kept in a ContextVar, never on the model: one model serves many threads, and an intervention in one
does not affect the others.

    with recording() as seen:  model(ids)            # seen["blocks.0.attn.hook_pattern"]
    with intervene(ablate_head(layer=1, head=2)):  model(ids)

Never `yield` inside either: a generator would leak the setting into its caller. Enter and leave within each step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

Edit = Callable[[Tensor], Tensor]


class HookError(ValueError):
    """Raised when an intervention names a hook that the model does not have."""


@dataclass(frozen=True)
class Intervention:
    """One change to the forward pass: at every hook of `names` that the model has, the value becomes `edit(value)`.

    Args:
        names: hook names, e.g. ("blocks.0.attn.hook_z",); places a model lacks are passed over, unless it lacks all.
        edit: takes the value with its batch axis and returns one of the same shape.
        label: what it does, in words for a person.
        whole_text: the edit sees all positions at once, so cached generation recomputes the text at each token. Set it
            to False for an edit that treats every position alike: it then sees only the new ones, and is faster.
    """

    names: tuple[str, ...]
    edit: Edit
    label: str
    whole_text: bool = True


@dataclass(frozen=True)
class _Recorder:
    """Records the values of the hooks in `wanted` (None: all)."""

    wanted: frozenset[str] | None
    seen: dict[str, Tensor]
    batch_axis: bool

    def keep(self, name: str, value: Tensor) -> Tensor:
        if self.batch_axis:
            self.seen[name] = value
            return value
        self.seen[name] = value[0]
        # The pass continues with the recorded tensor itself, so that gradients flow to it.
        return self.seen[name][None] if value.requires_grad else value


class _Active:
    """The active hooks: later interventions act on the result of earlier ones, recorders see the final value."""

    def __init__(
        self, interventions: tuple[Intervention, ...] = (), recorders: tuple[_Recorder, ...] = ()
    ) -> None:
        self.interventions, self.recorders = interventions, recorders
        self.changed = frozenset(name for change in interventions for name in change.names)
        named = [recorder.wanted for recorder in recorders if recorder.wanted is not None]
        self.named = self.changed.union(*named)  # hooks recorded only when named
        self.everything = len(named) < len(recorders)

    def apply(self, name: str, value: Tensor) -> Tensor:
        if name in self.changed:
            value = self._change(name, value)
        for recorder in self.recorders:
            if recorder.wanted is None or name in recorder.wanted:
                value = recorder.keep(name, value)
        return value

    def _change(self, name: str, value: Tensor) -> Tensor:
        for change in self.interventions:
            if name in change.names:
                new = change.edit(value)
                _check_edited(change, name, value, new)
                value = new
        return value


def _check_edited(change: Intervention, name: str, before: Tensor, after: object) -> None:
    """Raise `HookError` unless an edit returned a tensor like the one it was given."""
    if not isinstance(after, Tensor):
        raise HookError(
            f"{change.label}: the edit of {name} returned {type(after).__name__}, not a tensor; "
            f"return the changed value, {tuple(before.shape)} of {before.dtype}"
        )
    if after.shape != before.shape:
        raise HookError(f"{change.label}: turned {name} from {tuple(before.shape)} into {tuple(after.shape)}")
    if after.dtype != before.dtype or after.device != before.device:
        raise HookError(
            f"{change.label}: turned {name} from {before.dtype} on {before.device} into {after.dtype} on "
            f"{after.device}; end the edit with .to(value)"
        )


_active: ContextVar[_Active | None] = ContextVar("glassbox_hooks", default=None)


class HookPoint:
    """The identity function, with a name. `name` is set once by the model that owns it (`name_hooks`).

    Not a module: a pass goes through dozens of these, mostly with no hook active, and a module's call and the search
    for it among the parts of another module would cost more than all they do.
    """

    __slots__ = ("name",)

    def __init__(self) -> None:
        self.name = ""

    def __call__(self, value: Tensor) -> Tensor:
        active = _active.get()
        return value if active is None else active.apply(self.name, value)

    @property
    def wanted(self) -> bool:
        """Whether this hook is recorded or changed in the current context."""
        active = _active.get()
        return active is not None and (active.everything or self.name in active.named)

    @property
    def wanted_by_name(self) -> bool:
        """Whether this very hook is requested by name.

        For values too large to compute for a recording of everything.
        """
        active = _active.get()
        return active is not None and self.name in active.named

    @property
    def changed(self) -> bool:
        """Whether this hook is changed in the current context."""
        active = _active.get()
        return active is not None and self.name in active.changed


def name_hooks(model: nn.Module) -> tuple[str, ...]:
    """Set the dotted name of every hook point of `model`.

    Return the names, a module's own before those of its children.
    """
    names = []
    for path, module in model.named_modules():
        for name, place in vars(module).items():
            if isinstance(place, HookPoint):
                place.name = f"{path}.{name}" if path else name
                names.append(place.name)
    return tuple(names)


def _in_order(name: str) -> list[str]:
    """Return a sort key by which layer 2 comes before layer 10."""
    return [f"{int(part):06d}" if part.isdecimal() else part for part in name.split(".")]


def check(names: Collection[str]) -> None:
    """Raise `HookError` if an active intervention names no place among `names`, a model's hook points."""
    active = _active.get()
    if active is None:
        return
    for change in active.interventions:
        if not any(name in names for name in change.names):
            layers = sorted((name for name in names if name.endswith("attn.hook_z")), key=_in_order)
            raise HookError(
                f"{change.label}: this model has no {change.names[0]} (its attention layers: {', '.join(layers)})"
            )


def needs_whole_text() -> bool:
    """Return whether an active intervention mixes positions, so that cached generation would differ from a full
    pass."""
    active = _active.get()
    return active is not None and any(change.whole_text for change in active.interventions)


def listening() -> bool:
    """Return whether any hook is recorded or changed in the current context."""
    return _active.get() is not None


@contextmanager
def recording(names: Iterable[str] | None = None, *, batch_axis: bool = True) -> Iterator[dict[str, Tensor]]:
    """Record activations of the passes run inside: name -> tensor, of the last pass.

    Args:
        names: the hook names to keep; None keeps all but those computed only by name (`hook_result`).
        batch_axis: False drops the batch axis, for passes over one text.
    """
    seen: dict[str, Tensor] = {}
    active = _active.get() or _Active()
    wanted = None if names is None else frozenset(names)
    recorder = _Recorder(wanted, seen, batch_axis)
    token = _active.set(_Active(active.interventions, (*active.recorders, recorder)))
    try:
        yield seen
    finally:
        _active.reset(token)


@contextmanager
def intervene(*changes: Intervention) -> Iterator[None]:
    """Apply interventions to every pass run inside, left to right; nested calls add theirs after the outer ones."""
    active = _active.get() or _Active()
    token = _active.set(_Active((*active.interventions, *changes), active.recorders))
    try:
        yield
    finally:
        _active.reset(token)


def ablate_head(
    layer: int,
    head: int,
    value: Literal["zero", "mean"] = "zero",
    attention: Literal["self", "cross", "encoder"] = "self",
) -> Intervention:
    """Ablate one attention head: its output z (B, T, H, K) becomes zero, or its mean over the text's positions.

    Zero ablation: Michel et al. 2019, section 3; mean ablation keeps the head's average push on the stream.

    Args:
        attention: "self" is a decoder's or a lone encoder's own attention, "cross" a decoder's view of the encoder,
            "encoder" the encoder's own in an encoder-decoder.

    Raises:
        HookError: (at the forward pass) the model lacks that layer or head.
    """
    places = {
        "self": (f"blocks.{layer}.attn.hook_z", f"decoder.blocks.{layer}.attn.hook_z"),
        "cross": (f"decoder.blocks.{layer}.cross_attn.hook_z",),
        "encoder": (f"encoder.blocks.{layer}.attn.hook_z",),
    }
    if attention not in places:
        raise HookError(f"attention={attention!r} is not one of {', '.join(places)}")
    if value not in ("zero", "mean"):
        raise HookError(f"value={value!r} is neither 'zero' nor 'mean'")

    def edit(z: Tensor) -> Tensor:  # (B, T, H, K)
        if not 0 <= head < z.shape[2]:
            raise HookError(f"head {head} of layer {layer}: this model has heads 0 to {z.shape[2] - 1}")
        z = z.clone()
        z[:, :, head] = 0.0 if value == "zero" else z[:, :, head].mean(dim=1, keepdim=True)
        return z

    kind = "" if attention == "self" else f" ({attention})"
    return Intervention(places[attention], edit, f"L{layer}H{head}{kind} off", whole_text=value == "mean")
