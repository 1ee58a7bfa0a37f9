"""Token attribution: which tokens a prediction rests on, and whether an explanation is faithful to the model."""
