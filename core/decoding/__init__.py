"""From logits to text: warpers, greedy, sampling and beam search, and the cache that spares repeated work."""
