"""Charts by Altair and Plotly in the theme of the pages, each with its numbers as a table beside it.

Altair where a chart is a chart and brushing links two of them (`vega.py`), Plotly where one turns or zooms
(`rotatable.py`). A page imports the one that it draws with, so that no other page loads either library; `look.py` has
the colours of both, `frame.py` what stands around a chart: its state for tests, its table, its files.
"""
