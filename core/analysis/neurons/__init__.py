"""Neurons of the feed-forward layers: their inputs, activations and outputs."""
