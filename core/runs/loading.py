"""A run's checkpoint as a language model for the pages."""

from __future__ import annotations

from core.checkpoints import CheckpointError
from core.checkpoints.folder import assemble
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.messages import later
from core.runs.continuation import model_weights
from core.runs.kinds import MODELS
from core.runs.records import RunError
from core.runs.store import Store
from core.text.tokenizer import Tokenizer


def load(store: Store, id: str, step: int | None = None) -> LanguageModel:
    """Load the model of a run at a checkpoint.

    Args:
        step: of the checkpoint; None: the last one.

    Raises:
        NoSuchRun: there is no such run. RunError: it trains no model, has not begun, or keeps nothing of that step.
        CheckpointError: what is stored is damaged.
    """
    import tokenizers
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load as read

    run = store.get(id)
    if run.kind == "fine_tune":
        return tuned_model(store, id, step)
    if run.kind not in MODELS:
        raise RunError(
            later("this run learns or lays out words and trains no language model: look at it on Embeddings")
        )
    values, words = store.model(id)
    step = kept_step(store, id, step)
    try:
        weights = model_weights(read(store.weights(id, step)))
        config = ModelConfig.from_dict(values)
        model = assemble(config, weights, torch.device("cpu"), torch.float32)
    except (SafetensorError, RuntimeError, KeyError, TypeError) as error:
        raise CheckpointError(
            later(
                "the checkpoint of step {step} of this run cannot be read: {why}", step=step, why=str(error)
            )
        ) from error
    card = {"steps": run.steps, "seed": run.seed, "spec": run.spec.to_dict(), "revision": run.revision}
    tokenizer = Tokenizer(tokenizers.Tokenizer.from_str(words))
    return LanguageModel(model, tokenizer, f"run:{id}", card)


def tuned_model(store: Store, id: str, step: int | None = None) -> LanguageModel:
    """Load the model of a fine-tuning run at a checkpoint (None: the last one), for `classify` or `answer`.

    Raises:
        NoSuchRun: there is no such run, or its base is gone. RunError: it fine-tunes nothing, has not begun, or keeps
            nothing of that step.
    """
    from core.runs.fine_tuning import bundled_base, read_file
    from core.training.tuned import tuned

    run = store.get(id)
    if run.kind != "fine_tune":
        raise RunError(later("this run fine-tunes no model"))
    step = kept_step(store, id, step)
    learned = read_file(store.weights(id, step))
    if run.spec.parent:
        parent, _, at = run.spec.parent.partition("@")
        base = load(store, parent, int(at))
    else:
        base = bundled_base(run.spec.base)
    try:
        return tuned(run.spec, base, learned, f"run:{id}")
    except ValueError as error:
        raise RunError(
            later(
                "the checkpoint of step {step} of this run cannot be read: {why}", step=step, why=str(error)
            )
        ) from error


def kept_step(store: Store, id: str, step: int | None) -> int:
    """Return the step, or for None that of the last checkpoint. Raises NoSuchRun, RunError: there is none yet."""
    if step is not None:
        return step
    kept = store.steps(id)
    if not kept:
        raise RunError(later("this run has no checkpoint yet: wait for its first steps"))
    return kept[-1]
