"""A published example: DistilBERT beside its teacher BERT, as measured by Sanh et al. 2019.

Weights are counted here (`core.families.published`); scores and times are the paper's, on its own data and machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.families.published import Size, family

SOURCE = "Sanh et al. 2019, DistilBERT"


@dataclass(frozen=True)
class Published:
    """One of the two models.

    Attributes:
        name: in words. size: its weights, as published and as counted here.
        glue: the mean score over the nine tasks of GLUE's development set (table 1); imdb: percent right (table 2);
            squad: F1 (table 2). seconds: of a pass over the development set of STS-B, one text at a time, on a
            processor (table 3).
    """

    name: str
    size: Size
    glue: float
    imdb: float
    squad: float
    seconds: float


def _of(name: str, which: str) -> Size:
    return next(one for one in family(name).sizes if one.name == which)


TEACHER = Published("BERT base", _of("BERT", "base"), 79.5, 93.46, 88.5, 668)
STUDENT = Published("DistilBERT", _of("DistilBERT", ""), 77.0, 92.82, 85.8, 410)
