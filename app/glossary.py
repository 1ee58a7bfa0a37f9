"""The whole glossary: every term of `app.words` with the field's other names, its page and its line of the cheatsheet.

One document for the app, for the site and for paper. No Streamlit here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from app import chapters
from app.markup import inline
from app.words import TERM, WORDS
from core.messages import ENGLISH, say, say_of, spoken

# Sections of the cheatsheet, named as there.
SECTIONS: dict[str, str] = {
    "1": "Large language models", "2": "Core components", "2.1": "Tokenization", "2.2": "Embedding layer",
    "2.3": "Positional encoding",
    "3": "Transformer", "3.1": "Self-attention", "3.2": "Multi-head attention", "3.3": "Feed-forward network",
    "3.4": "Layer normalization", "3.5": "Residual connections", "4": "Training", "4.1": "Pretraining",
    "4.2": "Fine-tuning", "5": "Types of models", "5.1": "Autoregressive models", "5.2": "Autoencoding models",
    "5.3": "Sequence to sequence", "6": "Loss function", "6.1": "Cross-entropy loss", "7": "Optimization",
    "7.1": "Gradient descent", "7.2": "Adam", "7.3": "Regularization", "9": "Inference",
    "9.1": "Greedy search", "9.2": "Beam search", "9.3": "Temperature sampling", "10.1": "Compute and memory",
    "10.2": "Bias and fairness", "10.3": "Interpretability", "11": "Scaling", "12": "Applications",
    "13": "Future directions",
}  # fmt: skip

# Term -> the page that shows it best, the section of the cheatsheet that this page covers ("": none), other names.
_WHERE: dict[str, tuple[str, str, str]] = {
    "token": ("tokenization", "2.1", "piece, word piece"),
    "·": ("tokenization", "2.1", "leading space, written Ġ or ▁ elsewhere"),
    "<s>": ("home", "2", "BOS, beginning-of-sequence token, <|endoftext|> in GPT-2"),
    "cheatsheet": ("home", "", ""),
    "embedding": ("embeddings", "2.2", "token embedding, word vector, input vector"),
    "row": ("home", "3", "position, residual stream of one token"),
    "residual stream": ("norm_residual", "3.5", "hidden state, hidden states"),
    "residual": ("norm_residual", "3.5", "skip connection, shortcut"),
    "ribbon": ("home", "", ""),
    "dot": ("home", "", ""),
    "plus sign": ("home", "", "residual addition"),
    "block": ("home", "3", "layer, transformer layer"),
    "head": ("multi_head", "3.2", "attention head"),
    "L1H0": ("multi_head", "3.2", "layer 1 head 0, 1.0"),
    "query": ("attention", "3.1", "Q"),
    "key": ("attention", "3.1", "K"),
    "value": ("attention", "3.1", "V"),
    "attention": ("attention", "3.1", "self-attention, scaled dot-product attention"),
    "attention score": ("attention", "3.1", "attention logit, energy, QKᵀ"),
    "MLP": ("feed_forward", "3.3", "feed-forward network, FFN, fully connected network"),
    "mask": ("attention", "3.1", "attention mask"),
    "softmax": ("attention", "3.1", "normalized exponential"),
    "logits": ("loss", "6.1", "unnormalized log-probabilities, output scores"),
    "temperature": ("decoding", "9.3", "softmax temperature, T"),
    "logit lens": ("interpretability", "10.3", "early decoding, early exit"),
    "norm": ("norm_residual", "3.4", "normalization"),
    "rotary position": ("positions", "2.3", "RoPE, rotary embedding"),
    "vocabulary": ("tokenization", "2.1", "token list"),
    "tokenizer": ("tokenization", "2.1", ""),
    "corpus": ("tokenization", "2.1", "training text, training data"),
    "merge": ("tokenization", "2.1", "merge rule, BPE merge"),
    "pre-tokenization": ("tokenization", "2.1", "pre-tokenizer, word splitting"),
    "[UNK]": ("tokenization", "2.1", "unknown token, out-of-vocabulary token"),
    "byte": ("tokenization", "2.1", "octet"),
    "likelihood": ("tokenization", "2.1", "probability of the data"),
    "parameters": ("compute", "10.1", "weights"),
    "pretraining": ("fine_tuning", "4.2", "pre-training"),
    "fine-tuning": ("fine_tuning", "4.2", "transfer learning"),
    "LoRA": ("fine_tuning", "4.2", "low-rank adaptation, an adapter"),
    "rank": ("adaptability", "13", "LoRA rank, r"),
    "frozen body": ("fine_tuning", "4.2", "linear probing, feature extraction"),
    "prompt tuning": ("adaptability", "13", "soft prompt"),
    "in-context learning": ("adaptability", "4.2", "few-shot prompting"),
    "interval": ("scaling", "11", "95 % confidence interval"),
    "seed": ("optimizers", "7.2", "random seed"),
    "forgetting": ("fine_tuning", "4.2", "catastrophic forgetting"),
    "safetensors": ("models", "", ""),
    "licence": ("models", "", "license"),
    "cross-attention": ("families", "5.3", "encoder-decoder attention"),
    "ablation": ("multi_head", "3.2", "knock-out, zero ablation"),
    "pass": ("decoding", "9", "forward pass, inference step"),
    "\\xbd": ("decoding", "", "byte token, byte fallback"),
    "greedy": ("decoding", "9.1", "greedy search, argmax decoding"),
    "beam search": ("decoding", "9.2", ""),
    "sampling": ("decoding", "9.3", "multinomial sampling, stochastic decoding"),
    "sum of log p": ("decoding", "9.2", "log-likelihood of a sequence, cumulative log probability"),
    "score": ("decoding", "9.2", "beam score"),
    "exact search": ("decoding", "9.1", "best-first search"),
    "warped": ("decoding", "9.3", "processed logits"),
    "length penalty": ("decoding", "9.2", "length normalization"),
    "top-k": ("decoding", "9.3", "top-k sampling"),
    "top-p": ("decoding", "9.3", "nucleus sampling"),
    "min-p": ("decoding", "9.3", ""),
    "repetition penalty": ("decoding", "9.3", ""),
    "entropy": ("decoding", "9.3", "uncertainty, Shannon entropy"),
    "sliding window": ("attention", "3.1", "local attention, windowed attention"),
    "sink": ("attention", "3.1", "attention sink"),
    "grouped-query": ("attention", "3.1", "grouped-query attention, GQA"),
    "KV cache": ("compute", "10.1", "key-value cache, past key values"),
    "induction head": ("multi_head", "3.2", "copying head"),
    "integrated gradients": ("interpretability", "10.3", "IG, path attribution"),
    "baseline": ("interpretability", "10.3", "reference input"),
    "attention rollout": ("interpretability", "10.3", ""),
    "faithfulness": ("interpretability", "10.3", "fidelity, deletion test"),
    "control task": ("interpretability", "10.3", "selectivity test"),
    "mean ablation": ("interpretability", "10.3", "mean replacement"),
    "repeats": ("multi_head", "3.2", "repeated random tokens"),
    "by chance": ("multi_head", "3.2", "null distribution"),
    "composition": ("multi_head", "3.2", "K-, Q- and V-composition"),
    "share of the output": ("multi_head", "3.2", "projection onto the output"),
    "W_O": ("multi_head", "3.2", "output projection, o_proj, c_proj"),
    "log probability": ("loss", "6.1", "log-likelihood, logprob"),
    "p": ("loss", "6.1", "probability"),
    "loss": ("loss", "6", "cost, objective value"),
    "logarithm": ("loss", "6.1", "log, ln"),
    "attention entropy": ("break_it", "", ""),
    "cross-entropy": ("loss", "6.1", "negative log-likelihood, NLL, log loss"),
    "nats and bits": ("loss", "6", "units of information"),
    "nats": ("loss", "6", "natural units of information"),
    "perplexity": ("loss", "6", "PPL, exponentiated loss"),
    "label smoothing": ("loss", "6.1", ""),
    "gradient": ("loss", "6", "derivative, slope"),
    "batch": ("lab", "4", "minibatch"),
    "rows of N tokens": ("lab", "4", "sequence length, context length"),
    "padding": ("loss", "6", "pad tokens"),
    "step": ("lab", "4", "optimizer step, iteration, update"),
    "guessing": ("lab", "4", "uniform baseline"),
    "validation": ("lab", "4", "held-out set, development set"),
    "learning rate": ("lab", "7", "step size, η"),
    "gradient norm": ("lab", "7", ""),
    "checkpoint": ("lab", "4", "snapshot"),
    "activation": ("compute", "10.1", "hidden value"),
    "rms": ("norm_residual", "3.4", "root mean square"),
    "1/√d": ("break_it", "", "scaling factor, 1/√d_k"),
    "dropout": ("regularization", "7.3", ""),
    "weight decay": ("regularization", "7.3", "L2 regularization, where the optimizer is SGD"),
    "overfitting": ("regularization", "7.3", "memorization"),
    "early stopping": ("regularization", "7.3", ""),
    "patience": ("regularization", "7.3", ""),
    "cosine": ("embeddings", "2.2", "cosine similarity"),
    "expectation": ("regularization", "7.3", "expected value, mean"),
    "fork": ("lab", "4", "branch, warm start"),
    "objective": ("objectives", "4.1", "training task, loss function"),
    "next-token prediction": ("objectives", "4.1", "causal language modelling, autoregressive training"),
    "masked language modelling": ("objectives", "4.1", "MLM, cloze task, denoising"),
    "span corruption": ("objectives", "4.1", "T5 denoising"),
    "sentinel": ("objectives", "4.1", "extra id"),
    "[MASK]": ("objectives", "4.1", "mask token"),
    "causal mask": ("attention", "3.1", "look-ahead mask, autoregressive mask"),
    "encoder": ("families", "5.2", "bidirectional model"),
    "decoder": ("families", "5.1", "causal model, autoregressive model"),
    "optimizer": ("optimizers", "7.1", ""),
    "gradient descent": ("optimizers", "7.1", "SGD, steepest descent"),
    "momentum": ("optimizers", "7.2", "heavy-ball method"),
    "Adam": ("optimizers", "7.2", "adaptive moment estimation"),
    "AdamW": ("optimizers", "7.2", "Adam with decoupled weight decay"),
    "Muon": ("optimizers", "7.2", "momentum with orthogonalized updates"),
    "moments": ("optimizers", "7.2", "optimizer state, exp_avg and exp_avg_sq"),
    "bias correction": ("optimizers", "7.2", ""),
    "Nesterov": ("optimizers", "7.2", "Nesterov momentum"),
    "saddle": ("optimizers", "7.1", "saddle point"),
    "diverged": ("optimizers", "7.1", "blown up, unstable"),
    "neuron": ("feed_forward", "3.3", "hidden unit"),
    "pre-activation": ("feed_forward", "3.3", ""),
    "activation function": ("feed_forward", "3.3", "nonlinearity"),
    "ReLU": ("feed_forward", "3.3", "rectified linear unit"),
    "GELU": ("feed_forward", "3.3", "Gaussian error linear unit"),
    "SwiGLU": ("feed_forward", "3.3", "gated linear unit"),
    "dead neuron": ("feed_forward", "3.3", "dying ReLU"),
    "loss landscape": ("optimizers", "7.1", "loss surface"),
    "one-hot": ("embeddings", "2.2", "one-hot vector, indicator vector"),
    "sentence vector": ("embeddings", "2.2", "sentence embedding, pooled output"),
    "static vector": ("embeddings", "2.2", "static embedding"),
    "word2vec": ("embeddings", "2.2", "skip-gram"),
    "negative sampling": ("embeddings", "2.2", "SGNS"),
    "t-SNE": ("embeddings", "2.2", ""),
    "UMAP": ("embeddings", "2.2", ""),
    "vector in context": ("embeddings", "2.2", "contextual embedding"),
    "GloVe": ("embeddings", "2.2", "global vectors"),
    "analogy": ("embeddings", "2.2", "word arithmetic"),
    "PCA": ("embeddings", "2.2", "principal component analysis"),
    "probe": ("interpretability", "10.3", "diagnostic classifier"),
    "classifier": ("bias", "10.2", ""),
    "standard deviation": ("bias", "10.2", "spread, σ"),
    "LayerNorm": ("norm_residual", "3.4", "layer normalization"),
    "RMSNorm": ("norm_residual", "3.4", "root mean square normalization"),
    "pre-norm": ("norm_residual", "3.4", "pre-LN"),
    "post-norm": ("norm_residual", "3.4", "post-LN"),
    "direct attribution": ("interpretability", "10.3", "direct logit attribution"),
    "activation patching": ("interpretability", "10.3", "causal tracing, interchange intervention"),
    "path patching": ("interpretability", "10.3", ""),
    "corrupted text": ("interpretability", "10.3", "counterfactual input"),
    "ledger": ("norm_residual", "3.5", "decomposition of the residual stream"),
    "position": ("positions", "2.3", "index"),
    "sinusoidal positions": ("positions", "2.3", "sinusoidal encoding"),
    "learned positions": ("positions", "2.3", "absolute position embedding"),
    "ALiBi": ("positions", "2.3", ""),
    "relative bias": ("positions", "2.3", "T5 relative position bias"),
    "extrapolation": ("positions", "2.3", "length generalization"),
    "word alignment": ("applications", "12", ""),
    "alignment error rate": ("applications", "12", "AER"),
    "chrF": ("applications", "12", "character F-score"),
    "held out": ("applications", "12", "test data"),
    "FLOP": ("compute", "10.1", "floating-point operation"),
    "precision": ("compute", "10.1", "number format, dtype"),
    "roofline": ("compute", "10.1", "roofline model"),
    "operational intensity": ("compute", "10.1", "arithmetic intensity"),
    "utilization": ("compute", "10.1", "MFU, model FLOPs utilization"),
    "WEAT": ("bias", "10.2", ""),
    "association": ("bias", "10.2", ""),
    "effect size": ("bias", "10.2", "Cohen’s d"),
    "permutation test": ("bias", "10.2", "randomization test"),
    "p-value": ("bias", "10.2", "significance level that is reached"),
    "gender direction": ("bias", "10.2", "gender subspace"),
    "projection": ("bias", "10.2", "hard debiasing, nullspace projection"),
    "scaling law": ("scaling", "11", "neural scaling law"),
    "power law": ("scaling", "11", ""),
    "N, D and C": ("scaling", "11", "parameters, tokens, FLOPs"),
    "compute": ("scaling", "11", "training FLOPs"),
    "frontier": ("scaling", "11", "compute-optimal frontier"),
    "bootstrap": ("scaling", "11", "resampling"),
    "emergence": ("scaling", "11", "emergent abilities"),
    "patch": ("multimodal", "13", "image patch, visual token"),
    "rank agreement": ("multimodal", "13", "Spearman’s rank correlation"),
    "contrastive learning": ("multimodal", "13", "CLIP’s training"),
    "retrieval": ("multimodal", "13", "nearest-neighbour search"),
    "dead band": ("multimodal", "13", "indifference zone"),
    "pruning": ("efficiency", "13", ""),
    "sparsity": ("efficiency", "13", "pruned share"),
    "distillation": ("efficiency", "13", "knowledge distillation"),
    "teacher": ("efficiency", "13", "teacher model"),
    "quantization": ("efficiency", "13", "low-bit weights"),
    "grid": ("efficiency", "13", "quantization levels"),
    "GPTQ": ("efficiency", "13", ""),
    "calibration": ("efficiency", "13", ""),
    "Pareto front": ("efficiency", "13", "trade-off curve"),
    "int8": ("efficiency", "13", "8-bit integer"),
    "first choice kept": ("efficiency", "13", "top-1 agreement"),
}

# Terms that are everyday words as well: where another explanation uses one, no link is made of it.
EVERYDAY = frozenset({
    "row", "dot", "block", "head", "key", "value", "mask", "rank", "seed", "pass", "score", "interval", "p", "step",
    "repeats", "baseline", "position", "fork", "grid", "patch", "association", "expectation", "greedy", "sampling",
    "teacher", "precision", "projection", "compute", "frontier", "merge", "retrieval", "sink", "objective",
    "byte", "moments", "patience", "guessing", "by chance", "·", "cheatsheet", "composition", "warped", "N, D and C",
})  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One term.

    Attributes:
        term: its name in English.
        name: its name in the language that is spoken.
        said: what it is, in one or two sentences of that language.
        others: the field's other names, in English; "": none.
        page: the slug of the page that shows it.
        section: of the cheatsheet; "": none.
    """

    term: str
    name: str
    said: str
    others: str
    page: str
    section: str

    @property
    def anchor(self) -> str:
        """What a link to it is called: "top-p", and of signs their names, "less-than-sign-s"."""
        plain = "".join(
            one if one.isascii() and (one.isalnum() or one in " -_") else f" {unicodedata.name(one, '')} "
            for one in self.term
        )
        return "word-" + "-".join(re.findall(r"[a-z0-9]+", plain.lower()))


def entries() -> list[Entry]:
    """Return every term in the language that is spoken, in the order of the alphabet; signs before letters.

    Raises:
        LookupError: a term has no place, or a place no term.
    """
    if set(_WHERE) != set(WORDS):
        raise LookupError(f"in words.py or in glossary.py alone: {sorted(set(_WHERE) ^ set(WORDS))}")
    found = [
        Entry(term, say_of(TERM, term), say(said), _WHERE[term][2], *_WHERE[term][:2])
        for term, said in WORDS.items()
    ]
    return sorted(found, key=lambda one: _order(one.name))


def article(page_link: Callable[[str], str], heading: int = 1) -> str:
    """Write the glossary as an HTML article.

    Args:
        page_link: the address of a page, by its slug.
        heading: level of the title, 1 to 5.
    """
    terms = entries()
    rows = "".join(_row(one, page_link, terms) for one in terms)
    about = say(
        "{count} words of the field, each in a sentence or two: what it is, what else it is called, the page that "
        "shows it, and where it stands on the cheatsheet.",
        count=len(terms),
    )
    return (
        f'<article class="gb-document gb-glossary"><h{heading}>{say("Glossary")}</h{heading}>'
        f"<p>{about}</p><dl>{rows}</dl></article>"
    )


def _row(one: Entry, page_link: Callable[[str], str], terms: list[Entry]) -> str:
    title = say(chapters.BY_SLUG[one.page].title)
    others = f' <span class="gb-others">{inline(_also(one))}</span>' if _also(one) else ""
    section = f" · {one.section} {inline(say(SECTIONS[one.section]))}" if one.section in SECTIONS else ""
    return (
        f'<div><dt id="{one.anchor}">{inline(one.name)}</dt><dd>{_linked(one, terms)}{others} '
        f'<span class="gb-where"><a href="{page_link(one.page)}">{inline(title)}</a>{section}</span></dd></div>'
    )


def _also(one: Entry) -> str:
    """Say what else a term is called: papers and libraries use the names in English."""
    if spoken() == ENGLISH:
        return say("Also: {names}.", names=one.others) if one.others else ""
    names = ", ".join(filter(None, (one.term if one.term != one.name else "", one.others)))
    return say("In English: {names}.", names=names) if names else ""


def _linked(one: Entry, terms: list[Entry]) -> str:
    """Write an explanation, with a link where it uses another term for the first time."""
    known = {other.name.lower(): other for other in terms if other.term not in EVERYDAY and other is not one}
    names = "|".join(re.escape(inline(name)) for name in sorted(known, key=len, reverse=True))
    used = {one.term}

    def link(found: re.Match[str]) -> str:
        other = known[found[1].lower()]
        if other.term in used:
            return found[0]
        used.add(other.term)
        return f'<a href="#{other.anchor}">{found[0]}</a>'

    plain = {inline(name): name for name in known}
    known = {written: known[name] for written, name in plain.items()}
    return re.sub(rf"(?<![\w-])({names})(?:s|es)?(?![\w-])", link, inline(one.said), flags=re.IGNORECASE)


def _order(term: str) -> tuple[bool, str, str]:
    plain = unicodedata.normalize("NFKD", term.lower())  # letters before their accents
    letters = re.sub(r"[^a-z0-9 ]", "", plain)
    return (bool(letters) and term[0].isalnum(), letters, term)
