"""Fields of classes: the Classroom page, and views that follow a room."""

from __future__ import annotations

from app.session.field import Field

FIELDS: tuple[Field, ...] = (
    Field("class", "text", "", selection=False),  # the room whose view this session follows, by its id
    Field("likely", "int", 4, 2, 5),  # options of a vote that the model expects, beside the token that came
    Field("unlikely", "int", 2, 0, 2),  # options that it does not
)
