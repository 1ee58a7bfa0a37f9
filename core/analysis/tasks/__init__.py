"""What a model answers, judged by the truth of its tasks."""
