"""Which tokens a prediction rests on, and whether an explanation is true to the model."""
