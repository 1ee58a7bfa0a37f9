"""Activation patching, and the circuits that it finds."""
