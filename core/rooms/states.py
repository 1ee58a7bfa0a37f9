"""What each of a room's screens may know, as JSON: the phone of a member, the projector, the teacher's own screen.

A phone that has the answer is a phone that can show it: nothing of it leaves before it is revealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.rooms.records import Answer, Look, Prompt, Room, Word, described

FEW = 5  # a result of fewer votes is not broken down where others see it
LOW, HIGH = 1 / 3, 0.7  # shares of right answers between which talking to each other helps


def member_state(look: Look, member: str) -> dict[str, Any]:
    """Return what a member's phone shows.

    Its number, its own choices, and once they are revealed the answer and the counts.
    """
    said = {**_common(look), "number": look.numbers.get(member), "choices": look.own(member)}
    said |= _dealt_to(look, member)
    if look.prompt is not None and look.prompt.typed:
        said |= {"words": look.own_words(member)}
    if _revealed(look.room):
        said |= {"answer": _answer(look.prompt), "bars": _public_bars(look), "told": _shown_words(look)}
    return said


def screen_state(look: Look) -> dict[str, Any]:
    """Return what the projector shows: no bars while a vote is open or before the teacher shows them, and no answer."""
    room = look.room
    said = {**_common(look), "locked": room.locked}
    if _revealed(room):
        said |= {"answer": _answer(look.prompt)}
    if _revealed(room) or (room.shown and room.phase == "closed"):
        said |= {"bars": _public_bars(look)}
    if room.phase in ("closed", "revealed"):
        said |= {"told": _shown_words(look)}
    return said


def teacher_state(look: Look) -> dict[str, Any]:
    """Return what the teacher's own screen shows: the counts as they come, the share that is right, what to do next."""
    prompt = look.prompt
    said = {**_common(look), "shown": look.room.shown, "resumes": look.room.resumes, "sent": look.sent}
    said |= {"locked": look.room.locked}
    if prompt is None:
        return said
    # What came in the text is not what predicts best: of a token the likeliest is, so no share of votes is right.
    share = None if prompt.kind == "next" else right_share(prompt.answer, look.bars(prompt.round))
    closed = look.room.phase in ("closed", "revealed")
    return said | {
        "bars": [look.bars(round) for round in range(1, prompt.round + 1)],
        "answer": _answer(prompt) if closed else None,
        "told": [
            {"key": one.key, "shown": one.shown, **_word(one, list(one.votes), closed)} for one in look.words
        ],
        "right": share,
        "suggests": suggestion(share, prompt.round) if look.room.phase == "closed" else "",
    }


def right_share(answer: Answer | None, bars: list[int]) -> float | None:
    """Return the share of votes on the right option; None: nobody voted, or nothing says which is right."""
    votes = sum(bars)
    if answer is None or answer.index is None or not votes:
        return None
    return bars[answer.index] / votes


def suggestion(share: float | None, round: int) -> str:
    """Suggest what to do after a vote: "explain", "talk" or "reveal"; "": nothing says which option is right.

    As in peer instruction (Mazur, "Peer Instruction: A User's Manual", 1997): talking to each other helps where neither
    few nor most are right.
    """
    if share is None:
        return ""
    if round > 1 or share > HIGH:
        return "reveal"
    return "explain" if share < LOW else "talk"


def _revealed(room: Room) -> bool:
    return room.phase == "revealed"


def _common(look: Look) -> dict[str, Any]:
    """Return what everybody may know."""
    room, prompt = look.room, look.prompt
    said: dict[str, Any] = {
        "version": room.version, "phase": room.phase, "code": room.code, "here": len(look.here), "lead": room.lead,
        "picture": look.picture, "gathered": room.gathered, "closes": room.closes, "talk": room.talk,
    }  # fmt: skip
    if look.deals:
        free = [one for one in look.deals if not one.member]
        done = [one for one in look.deals if one.state == "done"]
        said |= {"dealt": {"all": len(look.deals), "free": len(free), "done": len(done)}}
    if prompt is None or room.phase == "lobby":
        return said
    return said | {
        "n": prompt.n, "round": prompt.round, "kind": prompt.kind, "question": prompt.question,
        "options": list(prompt.options), "about": prompt.about, "answered": look.answered, "of": look.asked,
        "fewest": FEW,
    }  # fmt: skip


def _answer(prompt: Prompt | None) -> dict[str, Any] | None:
    return None if prompt is None or prompt.answer is None else described(prompt.answer)


def _public_bars(look: Look) -> list[list[int] | None]:
    """Return the counts of each round; None for a round of too few votes."""
    rounds = 0 if look.prompt is None else look.prompt.round
    found = [look.bars(round) for round in range(1, rounds + 1)]
    return [bars if sum(bars) >= FEW else None for bars in found]


def _shown_words(look: Look) -> list[dict[str, Any]]:
    """Return the written words that the teacher has let be shown; their counts where those of the options are told."""
    enough = [bars is not None for bars in _public_bars(look)]
    return [
        _word(one, [votes if told else None for votes, told in zip(one.votes, enough)], _revealed(look.room))
        for one in look.words
        if one.shown
    ]


def _word(one: Word, votes: Sequence[int | None], measured: bool) -> dict[str, Any]:
    """Return a word with its counts; with what the model gave it where that may be known."""
    token, p = (one.token, one.probability) if measured else (None, None)
    return {"text": one.text, "votes": votes, "token": token, "p": p}


def _dealt_to(look: Look, member: str) -> dict[str, Any]:
    """Return the size that a member has, or the next that it may take: what it is, its run's state."""
    mine = [one for one in look.deals if one.member == member] or [
        one for one in look.deals if not one.member
    ]
    if not mine:
        return {}
    size = mine[0]
    return {"size": {"says": size.says, "mine": bool(size.member), "state": size.state}}
