"""What the Classroom page gives away: the options with their probabilities as a table, and notebook cells."""

from __future__ import annotations

import math
from typing import Any

from app.kit.figures import Table
from core.analysis.tasks.token_vote import TokenVote
from core.language_model import LanguageModel
from core.training.losses import ScoredText


def table(lm: LanguageModel, told: ScoredText, vote: TokenVote | None) -> Table:
    """Return a line for each option: the token, what the model gives to it, whether it came; then the entropy.

    Below stand all tokens of the text that may be asked for, with the model's loss at each.
    """
    lines: list[tuple[Any, ...]] = []
    if vote is not None:
        for at, (id, p) in enumerate(zip(vote.ids, vote.probabilities)):
            lines.append(("option", lm.tokenizer.display(id), _digits(p), at == vote.came))
        lines.append(("all others", None, _digits(vote.elsewhere), None))
        lines.append(("entropy, nats", None, _digits(vote.entropy), None))
        lines.append(("cross-entropy, nats", None, _digits(vote.surprise), None))
    for id, nats in zip(told.targets.tolist(), told.surprise.tolist()):
        lines.append(("loss at, nats", lm.tokenizer.display(id), _digits(nats), None))
    names = ("line", "token", "value", "came")
    return {name: [line[at] for line in lines] for at, name in enumerate(names)}


def cells(load: str, given: dict[str, Any], told: ScoredText, vote: TokenVote | None, at: int) -> list[str]:
    """Return cells that make the vote again, and assert every number of the picture and of the answer.

    Args:
        load: the call that loads the model, as source.   given: TEXT, TARGET, LIKELY, UNLIKELY.
        at: which of the scored tokens is asked for.
    """
    values = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    made = [
        f"""# %% What a class may choose between, and what the model gives to each
import math
from core.analysis.tasks.token_vote import token_vote, vote_cross_entropy
from core.training.losses import score_text

lm = {load}
{values}
told = score_text(lm, TEXT, TARGET)
losses = {[_digits(nats) for nats in told.surprise.tolist()]}
assert len(told) == len(losses)
for nats, shown in zip(told.surprise.tolist(), losses):
    assert math.isclose(nats, shown, rel_tol=2e-3, abs_tol=1e-3)"""
    ]
    if vote is None:
        made.append("# %% Nothing to vote on\nassert len(told) == 0")
        return made
    made.append(
        f"""# %% The vote at one place
vote = token_vote(lm, told, {at}, LIKELY, UNLIKELY)
for id, p in zip(vote.ids, vote.probabilities):
    print(repr(lm.tokenizer.display(id)), round(p, 4))
assert vote.ids == {vote.ids} and vote.came == {vote.came}
for p, shown in zip(vote.probabilities, {[_digits(p) for p in vote.probabilities]}):
    assert math.isclose(p, shown, rel_tol=2e-3, abs_tol=1e-5)
print(vote.surprise, "nats for the token that came;", vote.entropy, "expected")
assert math.isclose(vote.surprise, {_digits(vote.surprise)!r}, rel_tol=2e-3, abs_tol=1e-3)
assert math.isclose(vote.entropy, {_digits(vote.entropy)!r}, rel_tol=2e-3, abs_tol=1e-3)
assert math.isclose(math.exp(vote.entropy), {_digits(_even(vote))!r}, rel_tol=5e-3, abs_tol=1e-3)"""
    )
    made.append(
        """# %% What a class's votes would cost: write its counts here, in the order of the options
votes = [1] * (len(vote.ids) + 1)  # the last: those for something else
print(vote_cross_entropy(votes, vote.came), "nats for a class that spreads its votes evenly")
assert math.isclose(vote_cross_entropy(votes, vote.came), math.log(len(vote.ids) + 1))"""
    )
    return made


def _even(vote: TokenVote) -> float:
    return math.exp(min(vote.entropy, 700.0))


def _digits(value: float) -> float:
    return float(f"{value:.8g}")
