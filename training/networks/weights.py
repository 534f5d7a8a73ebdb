"""Published weights, from Hugging Face's hub or a local folder."""

from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from training.errors import TrainingError


def load_published(kind: type[PreTrainedModel], source: str) -> PreTrainedModel:
    """A network with the weights of `source`, a name on the hub such as `facebook/convnext-tiny-224` or a folder.

    Raises:
        TrainingError: if they cannot be had, naming `source`, or belong to another kind of network.
    """
    if source.startswith(("/", ".", "~")) and not Path(source).is_dir():
        raise TrainingError(f"cannot load the weights '{source}': there is no such folder")
    try:
        loaded: Any = kind.from_pretrained(source, output_loading_info=True)
    except (OSError, ValueError) as cause:
        first_line = str(cause).strip().splitlines()[0]
        raise TrainingError(
            f"cannot load the weights '{source}' ({first_line}). It is a local folder with config.json and "
            "model.safetensors, or a name on huggingface.co: is it spelt right, is this machine online, and have you "
            "been granted access (huggingface-cli login)?"
        ) from cause
    model, info = loaded
    if info["missing_keys"]:
        raise TrainingError(
            f"the weights '{source}' are not those of a {kind.__name__}: {len(info['missing_keys'])} are missing, the "
            f"first is {min(info['missing_keys'])}"
        )
    network: PreTrainedModel = model
    return network
