"""Scenes for words with two meanings: one kind of event for each meaning, such as "bank:river".

No plan names them; the dial `sense_share` puts them into a story.
"""

from __future__ import annotations

from core.data.toyland.event import event
from core.data.toyland.words.homonyms import HOMONYMS

SCENES = tuple(f"{word}:{sense}" for word, meanings in HOMONYMS.items() for sense in meanings)

for _word, _meanings in HOMONYMS.items():
    for _sense, _tellings in _meanings.items():
        event(f"{_word}:{_sense}", "a", say=_tellings)
