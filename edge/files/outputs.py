"""What a command may write over: files that it wrote itself before, known by a mark, and nothing else."""

import zlib
from pathlib import Path

from edge.errors import ConfigurationError
from edge.files.regular_files import open_regular

PICTURE_MARK = b"Software\0card-scanner"
# A field of every manifest.
MANIFEST_MARK = b'"sha256"'
_SEARCHED_BYTES = 65536
_PNG_HEADER_BYTES = 33


def carries(path: Path, mark: bytes) -> bool:
    """Whether a file can be read and has a mark in its first 64 KB."""
    try:
        with open_regular(path) as file:
            return mark in file.read(_SEARCHED_BYTES)
    except OSError:
        return False


def replaceable(path: Path, mark: bytes) -> bool:
    """Whether there is nothing at `path`, or only what the same command wrote before."""
    return not (path.exists() or path.is_symlink()) or carries(path, mark)


def check_replaceable(path: Path, mark: bytes) -> None:
    """Check an output file before the work for it is done.

    Raises:
        ConfigurationError: if it would replace something else.
    """
    if not replaceable(path, mark):
        raise ConfigurationError(
            f"{path} is there already and was not written by this command; name another file or move that one away"
        )


def check_model_output(model: Path, *sources: Path) -> None:
    """Check `<name>.onnx`, with the manifest `<name>.json` that is written beside it, before the work is done.

    Raises:
        ConfigurationError: if it is one of `sources`, or either file would replace something else.
    """
    if model.suffix != ".onnx":
        raise ConfigurationError(f"{model} would be a network in a file of another kind; name it with .onnx at the end")
    for source in sources:
        if model.resolve() == source.resolve():
            raise ConfigurationError(f"{model} is what is read; name another file to write")
    manifest = model.with_suffix(".json")
    check_replaceable(manifest, MANIFEST_MARK)
    if (model.exists() or model.is_symlink()) and not manifest.exists():
        raise ConfigurationError(
            f"{model} is there already, without the manifest that this command writes beside a network; "
            "name another file or move that one away"
        )


def marked_png(encoded: bytes) -> bytes:
    """A PNG with the text chunk (PNG specification, 11.3.4.3) by which it is known as written by this program."""
    text = b"tEXt" + PICTURE_MARK
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return encoded[:_PNG_HEADER_BYTES] + chunk + encoded[_PNG_HEADER_BYTES:]
