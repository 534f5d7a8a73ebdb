"""The files of a card database and how they are checked before anything is read from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from edge.errors import DatabaseError, ModelMismatchError
from edge.files.regular_files import file_inside, is_folder, read_regular, read_utf8
from edge.manifests import DatabaseManifest, ModelManifest, file_sha256, read_database_manifest
from edge.settings.validation import first_fault
from edge.wire.messages import CardDetails

EMBEDDINGS_FILE = "embeddings.npy"
METADATA_FILE = "metadata.json"
ROWS_FILE = "index.json"
VECTORS_FILE = "usearch.index"
LOOKALIKES_FILE = "lookalikes.json"
GOLDEN_FILE = "golden.json"
MANIFEST_FILE = "manifest.json"
REFERENCES_FOLDER = "references"
GOLDEN_FOLDER = "golden"
REQUIRED_FILES = (EMBEDDINGS_FILE, METADATA_FILE, ROWS_FILE, VECTORS_FILE, LOOKALIKES_FILE)
REPAIR = "copy the database again or build it with 'card-training index'"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """What one row of the embeddings shows.

    Attributes:
        card_id: the card.
        variant: counts the images of one card from 0.
        rotation: 0, or 180 where the embedded image was upside down.
    """

    card_id: str
    variant: Annotated[int, Field(ge=0)]
    rotation: Annotated[int, Field(ge=0, le=180, multiple_of=180)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LookalikeMember(_Model):
    """One image of a group of look-alikes.

    Attributes:
        card_id: the card.
        file: a rectified card (504 x 704 pixels, colour PNG) that is black outside the group's windows.
    """

    card_id: str
    file: str


Window = tuple[
    Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)], Annotated[int, Field(gt=0)], Annotated[int, Field(gt=0)]
]


class LookalikeGroup(_Model):
    """Cards that are the same but for small details, such as reprints.

    Attributes:
        anchor: what they share: a grey rectified card at 2 pixels/mm (126 x 176), PNG.
        windows: where they differ: (x, y, width, height) in pixels of the rectified card; empty where the images do
            not differ at all.
        members: at least two.
    """

    anchor: str
    windows: tuple[Window, ...]
    members: tuple[LookalikeMember, ...] = Field(min_length=2)


class GoldenCrop(_Model):
    """A picture whose embedding by the float model is known; shows whether an accelerator computes the same.

    Attributes:
        file: a card at the size of the model's input, colour PNG.
        embedding: [dimension], L2-normalised.
    """

    file: str
    embedding: tuple[FiniteFloat, ...]


T = TypeVar("T")
_METADATA: TypeAdapter[dict[str, CardDetails]] = TypeAdapter(
    dict[str, CardDetails], config=ConfigDict(cache_strings="keys")
)
_ROWS: TypeAdapter[list[IndexRow]] = TypeAdapter(list[IndexRow], config=ConfigDict(strict=True, cache_strings="keys"))
_LOOKALIKES: TypeAdapter[tuple[LookalikeGroup, ...]] = TypeAdapter(tuple[LookalikeGroup, ...])
_GOLDEN: TypeAdapter[tuple[GoldenCrop, ...]] = TypeAdapter(tuple[GoldenCrop, ...])


def open_manifest(path: Path, model: ModelManifest) -> DatabaseManifest:
    """Read a bundle's manifest, and check every file against it and the bundle against the model.

    Raises:
        ModelMismatchError: if the bundle was built with another model, dimension or preprocessing.
        DatabaseError: if a file is missing or damaged.
    """
    if not is_folder(path):
        raise DatabaseError(f"{path} is not a folder with a card database; is the path right?")
    manifest = read_database_manifest(path / MANIFEST_FILE)
    check_model(path, manifest, model)
    check_files(path, manifest)
    return manifest


def check_files(path: Path, manifest: DatabaseManifest) -> None:
    """Check that a bundle's files are all there and undamaged.

    Raises:
        DatabaseError: naming the file that is not.
    """
    unlisted = [name for name in REQUIRED_FILES if name not in manifest.files]
    if unlisted:
        raise DatabaseError(f"{path / MANIFEST_FILE} does not list {', '.join(unlisted)}; {REPAIR}")
    for name, digest in manifest.files.items():
        _check_file(path, name, digest)


def read_rows(path: Path) -> list[IndexRow]:
    """Read the table that says what each row of the embeddings shows.

    Raises:
        DatabaseError: if it is not such a table.
    """
    return read_json(path / ROWS_FILE, _ROWS)


def read_metadata(path: Path) -> dict[str, CardDetails]:
    """Read what is known of each card, by card id.

    Raises:
        DatabaseError: if the file is not valid metadata.
    """
    return read_json(path / METADATA_FILE, _METADATA)


def read_lookalikes(path: Path) -> tuple[LookalikeGroup, ...]:
    """Read the groups of look-alikes.

    Raises:
        DatabaseError: if the file is not valid.
    """
    return read_json(path / LOOKALIKES_FILE, _LOOKALIKES)


def read_golden(path: Path) -> tuple[GoldenCrop, ...]:
    """Read the golden crops; none where the bundle was built without them.

    Raises:
        DatabaseError: if the file is not valid.
    """
    return read_json(path / GOLDEN_FILE, _GOLDEN) if (path / GOLDEN_FILE).exists() else ()


def dump_rows(rows: Sequence[IndexRow]) -> bytes:
    """The table as `read_rows` reads it."""
    return _ROWS.dump_json(list(rows), indent=0)


def dump_golden(golden: tuple[GoldenCrop, ...]) -> bytes:
    """The golden crops as `read_golden` reads them."""
    return _GOLDEN.dump_json(golden)


def dump_lookalikes(groups: tuple[LookalikeGroup, ...]) -> bytes:
    """The groups as `read_lookalikes` reads them."""
    return _LOOKALIKES.dump_json(groups, indent=1)


def dump_metadata(metadata: dict[str, CardDetails]) -> bytes:
    """The metadata as `read_metadata` reads them."""
    return _METADATA.dump_json(dict(sorted(metadata.items())), indent=1)


def read_json(path: Path, adapter: TypeAdapter[T]) -> T:
    """Read a table of a bundle.

    Raises:
        DatabaseError: if it is not what the adapter reads.
    """
    try:
        return adapter.validate_json(read_utf8(path))
    except OSError as cause:
        raise DatabaseError(f"cannot read {path}: {cause.strerror}; {REPAIR}") from cause
    except ValidationError as cause:
        raise DatabaseError(f"{path} is not valid: {first_fault(cause, 'the file')}; {REPAIR}") from cause


def check_model(path: Path, manifest: DatabaseManifest, model: ModelManifest) -> None:
    """Check that a bundle was built with this model.

    Raises:
        ModelMismatchError: naming what differs.
    """
    facts = (
        ("model", manifest.model_id, model.model_id),
        ("model file (SHA-256)", manifest.model_sha256, model.gallery_sha256),
        ("dimension", manifest.dimension, model.dimension),
        ("preprocessing", manifest.preprocessing, model.preprocessing),
    )
    for fact, built_with, loaded in facts:
        if built_with != loaded:
            raise ModelMismatchError(
                f"the card database {path} was built with another {fact} ({built_with}) than the loaded model's "
                f"({loaded}); use the model it was built with, or build it again with 'card-training index'"
            )


def read_member(path: Path, name: str) -> bytes:
    """Read a file that one of a bundle's lists names.

    Raises:
        DatabaseError: if it cannot be read, or is not in the bundle's folder.
    """
    try:
        return read_regular(file_inside(path, name))
    except OSError as cause:
        raise DatabaseError(f"cannot read {path / name}: {cause.strerror}; {REPAIR}") from cause


def _check_file(path: Path, name: str, digest: str) -> None:
    try:
        damaged = file_sha256(file_inside(path, name)) != digest
    except OSError as cause:
        raise DatabaseError(f"cannot read {path / name}: {cause.strerror}; {REPAIR}") from cause
    if damaged:
        raise DatabaseError(f"{path / name} is damaged (its SHA-256 is not the manifest's); {REPAIR}")
