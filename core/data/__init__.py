"""Training data: corpora, the generated world Toyland, digit images, batches."""
