"""The manifests that travel with model files and card databases.

A manifest says what its files are and proves that they are undamaged; whoever opens the files checks them against it.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from edge.errors import DatabaseError, ModelError, ScannerError
from edge.files.regular_files import open_regular, read_utf8
from edge.settings.validation import first_fault

UNCALIBRATED = (
    "the card database is uncalibrated: nothing is confirmed, and no probability is stated; build it again with "
    "'card-training index'"
)

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


ManifestT = TypeVar("ManifestT", bound=BaseModel)


class Preprocessing(_Manifest):
    """How a rectified card becomes the model's input; equal for the gallery and every query.

    The rectified card (uint8 BGR, upright) is resized to `width` x `height` by area averaging and its channels are put
    in `color_order`. The normalisation `(pixel / 255 - mean) / std` is part of the model's graph: it takes 0 to 255.
    """

    width: int = Field(gt=0)
    height: int = Field(gt=0)
    color_order: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    interpolation: Literal["area"] = "area"


class ModelManifest(_Manifest):
    """Describes an embedding model; stored beside it as `<model file's stem>.json`.

    A model that was compiled for an accelerator keeps the `model_id`, the dimension and the preprocessing of the float
    model that it was compiled from, and names that model's checksum: card databases are built with the float model.
    """

    schema_version: Literal[1] = 1
    model_id: str = Field(min_length=1)
    file: str
    sha256: Sha256
    float_sha256: Sha256 | None = Field(default=None, description="of the model that this one was compiled from")
    dimension: int = Field(gt=0)
    preprocessing: Preprocessing
    card: dict[str, Any] = Field(default_factory=dict, description="training command, seed, data and scores")

    @property
    def gallery_sha256(self) -> str:
        """Checksum of the model that the card databases for this one are built with."""
        return self.float_sha256 or self.sha256


class NetworkManifest(BaseModel):
    """What the manifest of any network says of its file; how the network was trained may stand beside it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file: str
    sha256: Sha256


class SensorManifest(NetworkManifest):
    """Describes a network for a sensor; stored beside its file as `<stem>.json`."""

    intrinsics: dict[str, Any] = Field(description="what picamera2's NetworkIntrinsics takes")


class EvidenceWeights(_Manifest):
    """Log-odds that a card shows what its first match shows: the intercept and the weighted sum of the evidence.

    The evidence is that of `edge.recognition.evidence.Evidence`.
    """

    intercept: FiniteFloat
    distance: FiniteFloat
    lead: FiniteFloat
    separation: FiniteFloat
    hash_lead: FiniteFloat = 0.0
    agreement: FiniteFloat = 0.0


class Calibration(_Manifest):
    """What evidence is worth in this very gallery, measured by leaving each art out of it in turn.

    Probabilities are those among equally many cards that are in the gallery and that are not.
    """

    confirmed: float = Field(gt=0, lt=1, description="least probability that confirms")
    named: float = Field(gt=0, lt=1, description="least probability of a candidate; below it a card is unknown")
    not_a_card: float = Field(gt=0, description="greatest distance of any card, in the gallery or not")
    cheap: EvidenceWeights = Field(description="of the evidence without agreement")
    full: EvidenceWeights | None = Field(description="of all evidence; null where pictures add nothing")
    told_apart: float = Field(gt=0, le=1, description="share of the look-alike checks that decide which decide rightly")
    gallery: Sha256 = Field(description="digest of what it was measured on")
    measured: dict[str, Any] = Field(default_factory=dict, description="how, and how well it does on cards kept apart")


class DatabaseManifest(_Manifest):
    """Describes a card database bundle; stored in it as `manifest.json`."""

    schema_version: Literal[1] = 1
    name: str = Field(min_length=1)
    model_id: str
    model_sha256: Sha256
    preprocessing: Preprocessing
    dimension: int = Field(gt=0)
    dtype: Literal["f32", "f16", "bf16", "i8"] = "f32"
    rows: int = Field(ge=0)
    cards: int = Field(ge=0)
    calibration: Calibration | None = Field(default=None, description="without it nothing is confirmed")
    files: dict[str, Sha256]

    @property
    def sha256(self) -> str:
        """SHA-256 of all that it says, hexadecimal; that of its file differs by white space."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @model_validator(mode="before")
    @classmethod
    def _without_thresholds(cls, values: Any) -> Any:  # noqa: ANN401 (whatever was read)
        """Leave out the distances that older bundles were decided by: they open, and are uncalibrated."""
        return {k: v for k, v in values.items() if k != "thresholds"} if isinstance(values, dict) else values


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as 64 hexadecimal digits.

    Raises:
        OSError: if the file cannot be read or is not a regular one.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_model_file(path: Path, manifest: ModelManifest | NetworkManifest) -> None:
    """Check that the model file at `path` is the one that the manifest describes, undamaged.

    Raises:
        ModelError: if it is missing, another or damaged.
    """
    if manifest.file != path.name:
        raise ModelError(f"{path.with_suffix('.json')} describes {manifest.file}, not {path.name}; copy both again")
    try:
        digest = file_sha256(path)
    except OSError as cause:
        raise ModelError(f"cannot read the model {path}: {cause.strerror}; is the path right?") from cause
    if digest != manifest.sha256:
        raise ModelError(
            f"the model {path} is damaged or not the one that its manifest describes (SHA-256 differs); copy it again"
        )


def read_model_manifest(path: Path) -> ModelManifest:
    """Read the manifest at `path`.

    Raises:
        ModelError: if it is missing or not a model manifest.
    """
    return _read(path, ModelManifest, ModelError)


def read_network_manifest(path: Path) -> NetworkManifest:
    """Read what the manifest at `path`, of any network, says of the network's file.

    Raises:
        ModelError: if it is missing or not a manifest.
    """
    return _read(path, NetworkManifest, ModelError)


def read_sensor_manifest(path: Path) -> SensorManifest:
    """Read the manifest at `path`.

    Raises:
        ModelError: if it is missing or not a manifest of a sensor's network.
    """
    return _read(path, SensorManifest, ModelError)


def read_database_manifest(path: Path) -> DatabaseManifest:
    """Read the manifest at `path`.

    Raises:
        DatabaseError: if it is missing or not a database manifest.
    """
    return _read(path, DatabaseManifest, DatabaseError)


def _read(path: Path, kind: type[ManifestT], error: type[ScannerError]) -> ManifestT:
    try:
        return kind.model_validate_json(read_utf8(path))
    except OSError as cause:
        raise error(f"cannot read {path}: {cause.strerror}; is the path right, and was the file copied?") from cause
    except ValidationError as cause:
        fault = first_fault(cause, "the file")
        raise error(f"{path} is not a valid manifest: {fault}; build or copy it again") from cause
