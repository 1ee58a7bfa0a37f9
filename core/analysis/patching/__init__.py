"""Activation patching, and the circuits found by it."""
