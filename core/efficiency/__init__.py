"""Smaller and faster models: weights of few bits, weights left out, a small model that learns from a large one."""
