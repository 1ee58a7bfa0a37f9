"""Widgets that pages share, beside their pictures: choices, starts of runs, predictions."""
