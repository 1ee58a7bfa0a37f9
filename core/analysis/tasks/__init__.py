"""Evaluation of a model's answers against the ground truth of its tasks."""
