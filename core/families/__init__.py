"""The three families of transformers: masks, predictions, generation, and published models.

published   the configurations that papers gave, with their figures and ours beside them
seen        which position may see which, read off a model's own scores
asked       what each shape is asked of one text and says, and what a changed word does to that
writing     each shape made to write, token by token
"""
