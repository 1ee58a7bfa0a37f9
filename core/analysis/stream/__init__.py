"""The residual stream: contributions to it, block by block, and predictions read off it."""
