"""Word vectors: tables, analogies, maps, word2vec, and contextual vectors."""
