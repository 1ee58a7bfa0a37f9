"""Models on disk: read a folder in Hugging Face's layout or in ours, write one in ours."""

from core.checkpoints.folder import Loaded, load_folder, save_folder, save_weights
from core.checkpoints.settings import CheckpointError

__all__ = ["CheckpointError", "Loaded", "load_folder", "save_folder", "save_weights"]
