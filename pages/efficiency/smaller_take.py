"""What to take away from the lower half: cells that prune the open model again, and what the recorded runs say."""

from __future__ import annotations

from app.page import Context
from core.runs import shrunk
from pages.efficiency import smaller_mine as mine

WHAT = {
    "magnitude": "a share of the blocks’ weights, the smallest first,",
    "structured": "a share of heads and of neurons, rounded to whole ones,",
}


def cells(ctx: Context) -> list[str]:
    """Source for the notebook, which has the open model as `lm`."""
    way = mine.cut()
    found = mine.known(ctx, way).get(mine.share())
    lines = [
        f"# Pruning: {WHAT[way]} removed, nothing retrained.",
        "from core.efficiency import judging",
        "from core.efficiency.removal import by_level",
        "",
        "before = judging.reference(lm, judging.yardstick(lm))",
    ]
    asked = f"by_level(before, {way!r}, [{mine.share()}])"
    if found is None or "why" in found:
        lines += ["try:", f"    print(list({asked}))", "except ValueError as why:", "    print(why)"]
    else:
        lines += [
            f"(pruned,) = {asked}",
            "print(pruned)",
            f"assert abs(pruned['rise'] - {found['rise']!r}) < 1e-3",
            f"assert abs(pruned['agreement'] - {found['agreement']!r}) < 5e-3",
            f"assert (pruned['numbers'], pruned['bytes']) == ({found['numbers']}, {found['bytes']})",
        ]
    gain = shrunk.gain(shrunk.arm("alone"), shrunk.arm("distilled"))
    recorded = [
        "# The recorded students: by how much the one alone ends above the taught one, seed by seed.",
        "from core.runs import shrunk",
        "",
        'gain = shrunk.gain(shrunk.arm("alone"), shrunk.arm("distilled"))',
        "print(gain)",
        f"assert abs(gain.mean - {gain.mean!r}) < 1e-9",
    ]
    return ["\n".join(lines), "\n".join(recorded)]
