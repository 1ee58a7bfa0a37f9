"""Export the page Compute and memory: what its picture is (`FIGURE`), its numbers as a table, and notebook cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.counts import counted
from app.kit.figures import Argument, Asked, Figure, Table
from app.units import si, size
from core.costs.cache import cache_bytes
from core.costs.memory import held, training_memory, using_memory
from core.costs.roofline import attainable
from core.costs.schedule import training
from core.families.presets import PRESETS
from core.messages import say
from core.training.measuring import Measured
from pages.compute import figure, story
from pages.compute.figure import fits, rows, works
from pages.compute.subject import SIZES, Subject, subject

if TYPE_CHECKING:
    from app.questions import Answer

KEYS = ("counted", "together", "long")

Line = tuple[str, str, int | None, int | None, int | None, float | None]
NAMES = ("what", "of", "weights", "operations", "bytes", "share or rate")


@dataclass(frozen=True)
class Seen:
    """What is counted, the text's tokens, the steps, and which of them is told, -1: the whole picture."""

    asked: Asked
    subject: Subject
    tokens: list[str]
    steps: list[dict[str, Any]]
    told: int

    @property
    def names(self) -> list[str]:
        """The names of the steps."""
        return [str(one["name"]) for one in self.steps]

    @property
    def focus(self) -> str:
        """What the told step is about; "" for the whole picture."""
        return str(self.steps[self.told]["focus"]) if self.told >= 0 else ""


def see(asked: Asked) -> Seen:
    """Count the chosen configuration."""
    shown, word = subject(asked), asked.lm.tokenizer.display
    steps = story.steps(shown, rows(shown), works(shown, shown.length), fits(shown))
    tokens = [word(i) for i in asked.lm.tokenizer.encode(asked.text)]
    return Seen(asked, shown, tokens, steps, asked.step("counted", [str(one["name"]) for one in steps]))


def select(seen: Seen) -> dict[str, Any]:
    """What is chosen; sizes that make no model are not."""
    sizes = dict.fromkeys(SIZES, -1) if seen.subject.wrong else {}
    return {"counted": seen.told, **{key: seen.asked.values[key] for key in KEYS[1:]}, **sizes}


def sentence(seen: Seen) -> str:
    """What is on the picture: weights, memory of training and of use, what the card makes of both passes."""
    shown = seen.subject
    weights = sum(one.value for _, one, _ in rows(shown) if one)
    both = (memory(shown.config, shown.length, shown.precision) for memory in (training_memory, using_memory))
    trained, used = (size(held(kinds, shown.batch)) for kinds in both)
    peak = shown.card.peak(shown.precision)
    passes = []
    for name, work in works(shown, shown.length).items():
        if work is not None:
            there = work.intensity(shown.batch)
            most = si(attainable(there, peak, shown.card.bandwidth), "FLOP/s")
            values = {"each": f"{there:.1f}", "rate": most}
            passes.append(
                say("reading does {each} operations a byte, at most {rate}", **values)
                if name == "reading"
                else say("writing does {each} operations a byte, at most {rate}", **values)
            )
    return say(
        "{name}: {weights} weights. With {texts} of {tokens}, training holds {trained} and use {used}. On {card}, "
        "{passes}.",
        name=shown.name, weights=f"{weights:,}", texts=counted(shown.batch, "text"),
        tokens=counted(shown.length, "token"), trained=trained, used=used, card=shown.card.name,
        passes="; ".join(passes),
    )  # fmt: skip


def table(
    seen: Seen, measured: Mapping[str, Measured] | None = None, dials: Mapping[str, Any] | None = None
) -> Table:
    """List parts, memory, what fits, both passes; the cache after each token; a training; what was measured.

    Args:
        measured: on this machine, by name. dials: of a training, as `core.costs.schedule.training` takes them.
    """
    shown = seen.subject
    lines = [*_parts(shown), *_memory(shown), *_passes(shown)]
    if shown.own:
        each = 4 if shown.precision == "fp32" else 2
        none = shown.config.shape == "encoder"
        lines += [
            (
                "kept up to the token",
                token,
                None,
                None,
                0 if none else cache_bytes(shown.config, at, 0, each),
                None,
            )
            for at, token in enumerate(seen.tokens, 1)
        ]
    if dials is not None:
        done = training(shown.config, **dials)
        lines += [
            (
                "whole training",
                f"operations on {dials['tokens']:,} tokens",
                None,
                round(done.flops),
                None,
                None,
            ),
            ("whole training", "hours of one card", None, None, None, done.device_hours),
            ("whole training", "kWh", None, None, None, done.kilowatt_hours),
        ]
    lines += [
        ("published preset", one.name, one.size.parameters, None, None, None) for one in PRESETS.values()
    ]
    lines += [
        ("measured here", name, None, None, None, one.value)
        for name, one in (measured or {}).items()
        if one.value is not None
    ]
    return dict(zip(NAMES, (list(column) for column in zip(*lines))))


FIGURE = Figure(
    "compute", figure.compute, see,
    record=lambda seen: figure.record(seen.subject, seen.tokens, seen.steps),
    select=select,
    claim=lambda seen: say("With AdamW, training holds at least 4 times the weights."),
    sentence=sentence,
    table=table,
    arguments=(
        Argument("configuration", "costed"), Argument("batch", "together"), Argument("length", "long"),
        Argument("precision", "floats"), Argument("card", "card"),
        Argument("step", "counted", names=lambda seen: seen.names),
        *(Argument(name, field) for field, (name, _) in SIZES.items()),
    ),
    longest=512, tall=420,
)  # fmt: skip


def _parts(shown: Subject) -> list[Line]:
    listed = rows(shown)
    whole = sum(flops.value for _, _, flops in listed if flops)
    lines: list[Line] = [
        ("part", name, weights.value if weights else 0, flops.value * shown.batch if flops else 0, None,
         flops.value / whole if flops and whole else None)
        for name, weights, flops in listed
    ]  # fmt: skip
    count = sum(weights.value for _, weights, _ in listed if weights)
    return [*lines, ("part", "all", count, whole * shown.batch, None, None)]


def _memory(shown: Subject) -> list[Line]:
    lines: list[Line] = []
    for mode, memory in (("training", training_memory), ("use", using_memory)):
        kinds = memory(shown.config, shown.length, shown.precision)
        whole = held(kinds, shown.batch)
        lines += [
            (mode, kind.name, None, None, kind.bytes(shown.batch), kind.bytes(shown.batch) / whole)
            for kind in kinds
        ]
        lines.append((mode, "all", None, None, whole, None))
    for mode, found in fits(shown).items():
        lines.append((f"{mode} fits", "texts of this length", None, None, found["batch"], None))
        lines.append((f"{mode} fits", "tokens in this many texts", None, None, found["length"], None))
    return lines


def _passes(shown: Subject) -> list[Line]:
    lines: list[Line] = []
    peak, width = shown.card.peak(shown.precision), shown.card.bandwidth
    for name, work in works(shown, shown.length).items():
        if work is not None:
            there = work.intensity(shown.batch)
            lines.append(
                (name, "operations a byte", None, work.flops(shown.batch), work.bytes(shown.batch), there)
            )
            most = attainable(there, peak, width) / 1e12
            lines.append((name, f"TFLOP/s at most, {shown.card.name}", None, None, None, most))
    return lines


def cells(
    load: str, given: str, shown: Subject, batch: int, answer: Answer, dials: Mapping[str, Any]
) -> list[str]:
    """Write cells that describe the configuration, count it again, answer the question, and let torch count.

    Args:
        load: the call that loads the open model, as source. given: the text, as source. dials: as in `table`.
        batch: how many texts the question is about; answer: its answer.
    """
    made = [
        _config_cell(load, given, shown),
        _count_cell(shown),
        _memory_cell(shown, batch, answer),
        _pass_cell(shown),
    ]
    made.append(_training_cell(shown, dials))
    return [*made, _torch_cell()] if shown.own else made


def _config_cell(load: str, given: str, shown: Subject) -> str:
    sizes = ", ".join(f"{name}={value}" for name, value in shown.sizes.items()) if not shown.wrong else ""
    changed = f"\nconfig = resized(config, {sizes})" if sizes else ""
    base = "lm.config" if shown.preset is None else f"PRESETS[{shown.key!r}].config"
    made = f"lm = {load}\nconfig = {base}{changed}"
    usual = (
        ""
        if shown.preset is not None or shown.length != shown.usual
        else f"\nassert len(lm.trace({given}).ids) == LENGTH"
    )
    return f"""# %% The configuration: what is counted
from core.costs.sized import resized
from core.families.presets import PRESETS

{made}
BATCH, LENGTH, PRECISION = {shown.batch}, {shown.length}, {shown.precision!r}
assert config.shape == {shown.config.shape!r}{usual}
print(config)"""


def _count_cell(shown: Subject) -> str:
    listed = rows(shown)
    weights = {name: one.value for name, one, _ in listed if one and one.value}
    flops = {name: one.value for name, _, one in listed if one and one.value}
    return f"""# %% Weights, and operations of one text, part by part
from core.costs import flops_by_part, parameters, parameters_by_part

for part in parameters_by_part(config):
    print(f"{{part.name:16}} {{part.value:>20,}} = {{part.written}}")
assert {{part.name: part.value for part in parameters_by_part(config) if part.value}} == {weights!r}
assert parameters(config) == {sum(weights.values())}
flops = {{part.name: part.value for part in flops_by_part(config, LENGTH, LENGTH) if part.value}}
print(flops)
assert flops == {flops!r}"""


def _memory_cell(shown: Subject, batch: int, answer: Answer) -> str:
    bytes_of = {
        kind.name: kind.bytes(shown.batch)
        for kind in training_memory(shown.config, shown.length, shown.precision)
    }
    used = {
        kind.name: kind.bytes(shown.batch)
        for kind in using_memory(shown.config, shown.length, shown.precision)
    }
    found = fits(shown)
    return f"""# %% Memory of training and of use, what fits on the card, and the question
from core.costs.memory import largest_batch, largest_length, training_memory, using_memory

training, using = (memory(config, LENGTH, PRECISION) for memory in (training_memory, using_memory))
assert {{kind.name: kind.bytes(BATCH) for kind in training}} == {bytes_of!r}
assert {{kind.name: kind.bytes(BATCH) for kind in using}} == {used!r}
CARD = {shown.card.memory}
assert largest_batch(training, CARD) == {found["training"]["batch"]!r}
assert largest_batch(using, CARD) == {found["using"]["batch"]!r}
assert largest_length(lambda n: training_memory(config, n, PRECISION), BATCH, CARD) == {found["training"]["length"]!r}
assert largest_length(lambda n: using_memory(config, n, PRECISION), BATCH, CARD) == {found["using"]["length"]!r}
asked = {{f"bytes of {{kind.name}}": kind.bytes({batch}) for kind in training}}
print("of {batch:,} texts at once:", asked)
assert asked == {answer.numbers!r}"""


def _pass_cell(shown: Subject) -> str:
    lines = [
        "# %% Both passes under the roof",
        "from core.costs.roofline import attainable, decode, prefill",
        "",
    ]
    peak, width = shown.card.peak(shown.precision), shown.card.bandwidth
    for name, call in (("reading", "prefill"), ("writing", "decode")):
        work = works(shown, shown.length)[name]
        if work is not None:
            there = work.intensity(shown.batch)
            both = work.flops(shown.batch), work.bytes(shown.batch)
            lines += [
                f"{name} = {call}(config, LENGTH, PRECISION)",
                f"print({name}.intensity(BATCH), attainable({name}.intensity(BATCH), {peak!r}, {width!r}))",
                f"assert ({name}.flops(BATCH), {name}.bytes(BATCH)) == {both!r}",
                f"assert abs({name}.intensity(BATCH) - {there:.8g}) < 1e-6 * {there:.8g}",
            ]
    return "\n".join(lines)


def _training_cell(shown: Subject, dials: Mapping[str, Any]) -> str:
    done = training(shown.config, **dials)
    given = ", ".join(f"{name}={value!r}" for name, value in dials.items())
    return f"""# %% A whole training
from core.costs.schedule import training

done = training(config, {given})
print(f"{{done.flops:.4g}} operations, {{done.device_hours:.4g}} hours of one card, {{done.kilowatt_hours:.4g}} kWh")
assert abs(done.flops / {done.flops!r} - 1) < 1e-9
assert abs(done.device_hours / {done.device_hours!r} - 1) < 1e-9
assert abs(done.kilowatt_hours / {done.kilowatt_hours!r} - 1) < 1e-9"""


def _torch_cell() -> str:
    return """# %% The same counts by torch, on two short texts: operations of a pass, and the bytes that autograd keeps
import torch
from torch.utils.flop_counter import FlopCounterMode
from core.costs import row_flops
from core.costs.activations import kept_bytes
from core.training.fast_cpu import put_in
from core.training.measuring import saved_bytes
from core.hooks import recording
from core.model.transformer import build

if parameters(config) < 50_000_000:  # a larger one would take its time
    model = build(config.replace(dropout=0.0))
    ids = torch.zeros(2, min(LENGTH, config.n_ctx, 64), dtype=torch.long)
    inputs = (ids, ids.clone()) if config.shape == "encoder-decoder" else (ids,)
    with FlopCounterMode(display=False) as counter, recording(), torch.no_grad():
        model.eval()(*inputs)
    assert counter.get_total_flops() == 2 * row_flops(config, ids.shape[1], ids.shape[1])
    if ids.device.type == "cpu":  # the formula is that of a processor, on which training has quick derivatives
        put_in(model)
        assert saved_bytes(model.train(), *inputs) == kept_bytes(config, 2, ids.shape[1], ids.shape[1])"""
