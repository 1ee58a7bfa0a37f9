"""Attention heads: patterns, functions and importance."""
