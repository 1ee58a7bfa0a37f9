"""Models on disk: read folders in Hugging Face's layout or in ours, write folders in ours."""

from core.checkpoints.folder import Loaded, load_folder, save_folder, save_weights
from core.checkpoints.settings import CheckpointError

__all__ = ["CheckpointError", "Loaded", "load_folder", "save_folder", "save_weights"]
