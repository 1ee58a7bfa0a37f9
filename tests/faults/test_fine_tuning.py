"""Fine-tuning in a worker that is killed in the middle: another goes on, and not a bit of the end is different."""

from __future__ import annotations

import numpy as np
import pytest

from core.runs import Store
from core.runs.fine_tuning import Tuning, bundled_base, read_file
from core.training.fine_tune_spec import FineTuneSpec, Way
from core.training.fine_tuning import FineTuner
from tests.faults.runs import EXACT, finished, in_the_middle, server, worker_of

SPEC = FineTuneSpec(
    examples=60, steps=150, batch=2, held_out=10, eval_every=50, checkpoints=3, rank=2, targets=("q", "v")
)


@pytest.mark.full(reason="2 cases, 100 s together")
@pytest.mark.parametrize("way", ["lora", "full"])
def test_a_killed_worker(lite: Store, way: Way) -> None:
    spec = SPEC.replace(way=way)
    with server() as process:
        id = process.say(spec.to_json())
        in_the_middle(lite, id)
        worker_of(process).kill()
        run = finished(lite, id)
    assert (run.state, run.ended) == ("done", "All steps done."), run
    undisturbed = Tuning(FineTuner(spec, bundled_base(spec.base)))
    wanted = [undisturbed.step() for _ in range(spec.steps)]
    points = lite.points(id)
    for name in EXACT:
        np.testing.assert_array_equal(getattr(points, name), [getattr(point, name) for point in wanted])
    measured = np.isfinite(points.held_out)
    assert points.step[measured].tolist() == [50, 100, 150]
    assert points.held_out[measured].tolist() == [
        point.held_out for point in wanted if point.held_out is not None
    ]
    assert lite.steps(id) == [0, 75, 150]
    ends, kept = undisturbed.tuner.learned(), read_file(lite.weights(id, spec.steps))
    assert set(ends) == set(kept)
    for name, value in ends.items():
        np.testing.assert_array_equal(value.numpy(), kept[name].numpy(), err_msg=name)
