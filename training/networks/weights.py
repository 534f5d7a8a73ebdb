"""Published weights, from Hugging Face's hub or a local folder."""

from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from transformers import PreTrainedModel

from training.errors import TrainingError
from training.progress import to_stderr

_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json")


def published_folder(source: str) -> Path:
    """The folder with published weights: a local one, or the one in which those of the hub are kept.

    They are fetched where they are not kept yet: a command asks for them before it spends hours on cards.

    Raises:
        TrainingError: if they cannot be had, naming `source`.
    """
    local = Path(source).expanduser()
    if local.is_dir():
        return local
    if source.startswith(("/", ".", "~")):
        raise TrainingError(f"cannot load the weights '{source}': there is no such folder")
    to_stderr(f"looking for the weights {source}\n")
    try:
        return Path(snapshot_download(source, allow_patterns=list(_FILES)))
    except (OSError, ValueError) as cause:
        raise _unusable(source, cause) from cause


def load_published(kind: type[PreTrainedModel], source: str) -> PreTrainedModel:
    """A network with the weights of `source`, a name on the hub such as `facebook/convnext-tiny-224` or a folder.

    Raises:
        TrainingError: if they cannot be had, naming `source`, or belong to another kind of network.
    """
    folder = published_folder(source)
    try:
        loaded: Any = kind.from_pretrained(folder, output_loading_info=True, local_files_only=True)
    except (OSError, ValueError) as cause:
        raise _unusable(source, cause) from cause
    except RuntimeError as cause:  # of layers of the same names and other sizes
        first_line = str(cause).strip().splitlines()[0]
        raise TrainingError(f"the weights '{source}' are not those of a {kind.__name__}: {first_line}") from cause
    model, info = loaded
    if info["missing_keys"]:
        raise TrainingError(
            f"the weights '{source}' are not those of a {kind.__name__}: {len(info['missing_keys'])} are missing, the "
            f"first is {min(info['missing_keys'])}"
        )
    network: PreTrainedModel = model
    return network


def _unusable(source: str, cause: Exception) -> TrainingError:
    first_line = str(cause).strip().splitlines()[0]
    return TrainingError(
        f"cannot load the weights '{source}' ({first_line}). It is a local folder with config.json and "
        "model.safetensors, or a name on huggingface.co: is it spelt right, is this machine online, and have you "
        "been granted access (huggingface-cli login)?"
    )
