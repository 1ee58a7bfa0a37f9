"""The element beside an Altair or Plotly chart that holds its state for tests, once the chart is drawn.

data: {"name": `data-component`, "kind": of library, "said": the chart in a sentence, "drawings": how many drawings
belong to it, "state": what they show, "waits": whether it is drawn only when it comes near}.
"""

from app.kit import register

charted = register("charted", __file__, shared=False)
