"""The glossary: a term of the field in one or two plain sentences, the same on every page. No Streamlit here."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "token": "A piece of text that the model knows by a number: a word, a part of one, or a sign.",
    "embedding": "The list of numbers that stands for a token when it enters the model.",
    "residual stream": "The list of numbers that each token carries through the model; every block adds to it.",
    "block": "One layer of a transformer: attention, then a small network for each token.",
    "head": "One of the independent readers inside attention, with its own queries, keys and values.",
    "L1H0": "Head 0 of block 1: blocks (layers) and heads are counted from 0.",
    "query": "What a token asks of the others: a short list of numbers.",
    "key": "What a token answers with: where a query and a key agree, their product is large.",
    "value": "What a token hands over to those who read it.",
    "attention": "How a token reads others: a share for each, and the sum of their values by those shares.",
    "MLP": "The small network of each block that works on one token at a time.",
    "mask": "The rule that a token must not read what comes after it.",
    "softmax": "Turns scores into shares between 0 and 1 that add up to 1.",
    "logits": "The model's raw score for every token of its vocabulary, before softmax.",
    "temperature": "What the scores are divided by before softmax: below 1 sharpens, above 1 evens out.",
    "logit lens": "Reading a prediction off a block in the middle, as if the model stopped there.",
    "norm": "Brings a token's numbers to a common size before the next step reads them.",
    "rotary position": "Turns queries and keys by an angle that grows with position, so a product shows distance.",
    "vocabulary": "All tokens that a model knows.",
    "parameters": "The numbers that training has set.",
    "cross-attention": "Attention from a decoder's tokens to an encoder's.",
    "ablation": "Switching a part off to see what it was good for.",
}
