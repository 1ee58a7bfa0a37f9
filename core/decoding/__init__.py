"""From logits to text: warpers, greedy, sampling and beam search, and the key/value cache."""
