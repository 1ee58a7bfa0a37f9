"""Words as vectors: tables, analogies, maps, word2vec, and what a text adds to a word's own vector."""
