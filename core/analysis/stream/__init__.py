"""The residual stream: what is written into it, block by block, and what it would say."""
