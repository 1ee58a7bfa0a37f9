"""Text and images to train on: corpora, the generated world Toyland, digits, batches."""
