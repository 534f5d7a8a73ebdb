"""A card that was learned on the spot: its name, the views that it was learned from, and what a search needs of them.

learned-3f9a0c17be52/
manifest.json    name, time, model, and the SHA-256 of every other file
vectors.bin      float32, little-endian [2, views, dimension]: the views upright, then upside down, L2-normalised
print.webp       the first view, small and grey, with which crops are compared
view-1.webp ...  the views: rectified cards of 504 x 704 pixels
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from edge.database.vectors import of_unit_length
from edge.errors import DatabaseError
from edge.files.regular_files import read_regular
from edge.geometry import Image
from edge.imaging.print_reference import REFERENCE_SIZE
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.imaging.small_pictures import decode_small
from edge.manifests import Sha256
from edge.settings.validation import first_fault
from edge.wire.card_name import CardName
from edge.wire.messages import CardDetails

VIEWS = 3
SET_CODE = "learned"
_SET_NAME = "Learned on the spot"
_MANIFEST_FILE = "manifest.json"
_VECTORS_FILE = "vectors.bin"
_PRINT_FILE = "print.webp"
_VIEW_FILES = tuple(f"view-{number}.webp" for number in range(1, VIEWS + 1))
_FILES = (_VECTORS_FILE, _PRINT_FILE, *_VIEW_FILES)
_ID_BYTES = 6
# Of 0 to 100: some 150 kB a view, and the distances of its embedding to others change in the third decimal.
_WEBP_QUALITY = 95

Vectors = NDArray[np.float32]


LearnedId = Annotated[str, Field(pattern=rf"^{SET_CODE}-[0-9a-f]{{{2 * _ID_BYTES}}}$")]


class LearnedManifest(BaseModel):
    """Describes a learned card; stored with it as `manifest.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    schema_version: Literal[1] = 1
    card_id: LearnedId
    name: CardName
    learned_at: AwareDatetime
    model_id: str
    model_sha256: Sha256 = Field(description="of the model that card databases are built with")
    database_sha256: Sha256 = Field(description="of the manifest of the card database that does not know the card")
    dimension: int = Field(gt=0)
    files: dict[str, Sha256]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LearnedCard:
    """A learned card as it is searched.

    Attributes:
        card_id: of its own kind: no card of a database has one, but a learned card that was exported to it.
        name: as it was typed.
        learned_at: when.
        model_id: of the model of the embeddings.
        model_sha256: of that model, as card databases name it.
        database_sha256: of the manifest of the card database that does not know the card.
        embeddings: float32 [2, views, dimension]: the views upright, then upside down, L2-normalised.
        print: the first view as reference picture (`edge.imaging.print_reference.PrintReference`).
    """

    card_id: str
    name: str
    learned_at: datetime
    model_id: str
    model_sha256: str
    database_sha256: str
    embeddings: Vectors
    print: bytes

    @property
    def details(self) -> CardDetails:
        """What messages say of it."""
        number = self.card_id.removeprefix(f"{SET_CODE}-")
        return CardDetails(name=self.name, set_code=SET_CODE, set_name=_SET_NAME, number=number)


def new_id() -> str:
    """An id that no other card has."""
    return f"{SET_CODE}-{secrets.token_hex(_ID_BYTES)}"


def encode_view(view: Image) -> bytes:
    """A view as it is kept: WebP."""
    return bytes(cv2.imencode(".webp", view, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])[1].tobytes())


def decode_view(encoded: bytes, card_id: str) -> Image:
    """The view of that card, uint8 [704, 504, 3] BGR.

    Raises:
        DatabaseError: if it is no such picture.
    """
    view = decode_small(encoded, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), grey=False)
    if view is None:
        raise DatabaseError(f"a view of the learned card {card_id} is not a picture of a card; {_mend(card_id)}")
    return view


def card_files(card: LearnedCard, views: Sequence[bytes]) -> dict[str, bytes]:
    """What is kept of a card: file name -> content, the manifest last."""
    contents = (card.embeddings.astype("<f4").tobytes(), card.print, *views)
    files = dict(zip(_FILES, contents, strict=True))
    manifest = LearnedManifest(
        card_id=card.card_id,
        name=card.name,
        learned_at=card.learned_at,
        model_id=card.model_id,
        model_sha256=card.model_sha256,
        database_sha256=card.database_sha256,
        dimension=card.embeddings.shape[2],
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    return files | {_MANIFEST_FILE: manifest.model_dump_json(indent=1).encode() + b"\n"}


def read_card(folder: Path) -> tuple[LearnedCard, tuple[bytes, ...]]:
    """Read a learned card, whose folder is named after it, and its encoded views.

    Raises:
        DatabaseError: naming the file that is missing, torn or not what it should be.
    """
    manifest = _read_manifest(folder)
    if set(manifest.files) != set(_FILES) or manifest.card_id != folder.name:
        raise DatabaseError(f"{folder / _MANIFEST_FILE} is not that of this card; {_mend(folder.name)}")
    contents = {name: _read_file(folder, name, digest) for name, digest in manifest.files.items()}
    vectors = np.frombuffer(contents[_VECTORS_FILE], "<f4")
    if vectors.size != 2 * VIEWS * manifest.dimension:
        raise DatabaseError(f"{folder / _VECTORS_FILE} is not as long as its vectors; {_mend(folder.name)}")
    embeddings = vectors.astype(np.float32).reshape(2, VIEWS, manifest.dimension)
    if not of_unit_length(embeddings).all():
        raise DatabaseError(f"{folder / _VECTORS_FILE} holds vectors that are not of length 1; {_mend(folder.name)}")
    if decode_small(contents[_PRINT_FILE], REFERENCE_SIZE, grey=True) is None:
        raise DatabaseError(f"{folder / _PRINT_FILE} is not a small picture of a card; {_mend(folder.name)}")
    card = LearnedCard(
        card_id=manifest.card_id,
        name=manifest.name,
        learned_at=manifest.learned_at,
        model_id=manifest.model_id,
        model_sha256=manifest.model_sha256,
        database_sha256=manifest.database_sha256,
        embeddings=embeddings,
        print=contents[_PRINT_FILE],
    )
    return card, tuple(contents[name] for name in _VIEW_FILES)


def _read_manifest(folder: Path) -> LearnedManifest:
    path = folder / _MANIFEST_FILE
    try:
        return LearnedManifest.model_validate_json(read_regular(path))
    except OSError as cause:
        raise DatabaseError(f"cannot read {path}: {cause.strerror}; {_mend(folder.name)}") from cause
    except ValidationError as cause:
        fault = first_fault(cause, "the file")
        raise DatabaseError(f"{path} is torn or not a learned card's: {fault}; {_mend(folder.name)}") from cause


def _read_file(folder: Path, name: str, digest: str) -> bytes:
    path = folder / name
    try:
        content = read_regular(path)
    except OSError as cause:
        raise DatabaseError(f"cannot read {path}: {cause.strerror}; {_mend(folder.name)}") from cause
    if hashlib.sha256(content).hexdigest() != digest:
        raise DatabaseError(f"{path} is torn (its SHA-256 is not the manifest's); {_mend(folder.name)}")
    return content


def _mend(card_id: str) -> str:
    return f"'card-scanner learn --remove {card_id}', then learn the card again"
