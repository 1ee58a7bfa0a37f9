"""What a page offers to choose, to start and to predict, beside its pictures."""
