"""The transformer, one component per file. Axis letters, here and everywhere in the project:

B batch, T query position, S key position, D d_model, H heads, K d_head, F d_mlp, V vocabulary, L layers.
"""
