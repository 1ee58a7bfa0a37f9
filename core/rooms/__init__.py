"""Rooms: one teaches, all predict, and the class's votes stand beside the model's answer. No user interface in here.

rooms = Rooms(Store().database)
room = rooms.open(owner)
rooms.join(room.id, secret)
rooms.ask(room.id, owner, Asking("What comes next?", ("ball", "hat")))
rooms.vote(room.id, member_of(room.id, secret), 1, 1, 0)
"""

from __future__ import annotations

from core.rooms.deals import Size as Size
from core.rooms.deals import group_of as group_of
from core.rooms.records import ELSE as ELSE
from core.rooms.records import Answer as Answer
from core.rooms.records import Asking as Asking
from core.rooms.records import Counted as Counted
from core.rooms.records import Look as Look
from core.rooms.records import NoSuchRoom as NoSuchRoom
from core.rooms.records import NotNow as NotNow
from core.rooms.records import NotTheTeacher as NotTheTeacher
from core.rooms.records import Prompt as Prompt
from core.rooms.records import Room as Room
from core.rooms.records import RoomError as RoomError
from core.rooms.records import TooMuch as TooMuch
from core.rooms.records import Word as Word
from core.rooms.store import Rooms as Rooms
from core.rooms.store import member_of as member_of
