"""Neurons of the feed-forward layers: what fires them, and what they write."""
