"""What the index needs of one image."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.imaging.hashing import Hash
from edge.imaging.print_reference import PrintReference
from training.data.fingerprints import COLOR_SIZE, THUMBNAIL_SIZE, Fingerprint

Both = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedImage:
    """What the index needs of one image.

    Attributes:
        digest: SHA-256 of its pixels, hexadecimal.
        fingerprint: for finding look-alikes.
        hash: that recognition compares, see `edge.database.hashes.card_hash`.
        embeddings: float32 [2, dimension], upright and upside down.
        embedded: whether the model was run for it in this build.
        reference: for measuring centering; None of all images of a card but the first.
    """

    digest: str
    fingerprint: Fingerprint
    hash: Hash
    embeddings: Both
    embedded: bool
    reference: PrintReference | None

    def to_json(self) -> dict[str, Any]:
        """Plain values from which `from_json` makes the same again, but for the name of the reference."""
        reference, seen = self.reference, self.fingerprint
        return {
            "digest": self.digest,
            "fingerprint": [_text(part) for part in (seen.hash, seen.grey, seen.color)],
            "hash": _text(self.hash),
            "embeddings": _text(self.embeddings),
            "print": reference and b64encode(reference.encoded).decode(),
            "borders_mm": reference and reference.borders_mm and dict(reference.borders_mm),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], name: str) -> "PreparedImage":
        """What `to_json` gave, not embedded in this build.

        Args:
            values: that it gave.
            name: of the reference.

        Raises:
            KeyError, TypeError, ValueError: if they are something else.
        """
        bits, grey, color = (_array(text, np.uint8) for text in values["fingerprint"])
        encoded = values["print"]
        return cls(
            digest=str(values["digest"]),
            fingerprint=Fingerprint(
                hash=bits, grey=grey.reshape(THUMBNAIL_SIZE[::-1]), color=color.reshape(*COLOR_SIZE[::-1], 2)
            ),
            hash=_array(values["hash"], np.uint8),
            embeddings=_array(values["embeddings"], np.float32).reshape(2, -1),
            embedded=False,
            reference=encoded
            and PrintReference(encoded=b64decode(encoded), borders_mm=values["borders_mm"], name=name),
        )


def _text(array: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _array(text: str, dtype: type[np.generic]) -> NDArray[Any]:
    return np.frombuffer(b64decode(text, validate=True), dtype)
