"""Attention heads: where they look, what they do, what they are worth."""
