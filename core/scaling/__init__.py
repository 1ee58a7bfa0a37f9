"""Scaling laws: `law` fits one with its uncertainty, `forecast` tests it on held-back runs.

`surface` is the law over parameters and data at once, `published` has those of two papers.
"""

from core.scaling.law import Band, Law, bootstrap, envelope, fit
from core.scaling.surface import Surface, compute, fit_surface

__all__ = ["Band", "Law", "Surface", "bootstrap", "compute", "envelope", "fit", "fit_surface"]
