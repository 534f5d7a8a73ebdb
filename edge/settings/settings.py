"""The daemon's settings: one TOML file, environment overrides, validated once at start."""

import logging
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edge.errors import ConfigurationError
from edge.files.paths import state_folder
from edge.files.regular_files import read_utf8
from edge.settings.allowed_values import what_is_allowed
from edge.settings.validation import what_is_wrong
from edge.shipped import DEMO_DATABASE, EMBEDDING_MODEL

ENVIRONMENT_PREFIX = "CARD_SCANNER_"
SOURCES = "demo, images:PATH, video:FILE, v4l2:DEVICE, picamera or imx500"
_SOURCE = re.compile("demo(:.+)?|(images|video|v4l2):.+|picamera|imx500")
_CAMERAS = ("v4l2:", "picamera", "imx500")
_FORMER_DISTANCES = ("confirmed", "unknown", "not_a_card")
_PORT = re.compile("[0-9]{1,5}")

_log = logging.getLogger(__name__)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _can_be_said(cls, value: object) -> object:
        """Names are put into messages, logs and system calls."""
        if isinstance(value, Path) and not value.name:
            raise ValueError("must not be empty or the root folder")
        if isinstance(value, str | Path) and "\0" in str(value):
            raise ValueError("must not hold a NUL character")
        if isinstance(value, str | Path) and str(value) != str(value).encode(errors="replace").decode():
            raise ValueError("must be UTF-8; rename the file or folder")
        return value


def _endpoint(value: str) -> str:
    transport, _, address = value.partition("://")
    host, _, port = address.rpartition(":")
    if transport == "tcp" and host and (port == "*" or (_PORT.fullmatch(port) and 0 < int(port) <= 65_535)):
        return value
    if transport in ("ipc", "inproc") and address and not address.startswith("@"):
        return value
    raise ValueError("must be such as tcp://127.0.0.1:5556, with a port from 1 to 65535, or ipc:///run/scanner")


def _source(value: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise ValueError(f"must be {SOURCES}")
    return value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Source = Annotated[str, AfterValidator(_source)]


class SourceSettings(_Section):
    """Where frames come from."""

    spec: Source = Field(default="demo", description=SOURCES)
    fps: float = Field(default=30.0, gt=0, le=240, description="frames per second asked of a live source")
    loop: bool = Field(default=False, description="start a video or folder again when it ends")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="seed of the simulated bench")

    @property
    def camera(self) -> str | None:
        """The source where it is a camera, whose lens may be calibrated."""
        return self.spec if self.spec.startswith(_CAMERAS) else None


class CameraSettings(_Section):
    """A camera on the Raspberry Pi's camera connector."""

    number: int = Field(default=0, ge=0, le=15, description="of the camera, as `rpicam-hello --list-cameras` counts")
    width: int = Field(default=1520, ge=64, le=8192, multiple_of=2, description="of the frames, in pixels")
    height: int = Field(default=1520, ge=64, le=8192, multiple_of=2, description="of the frames, in pixels")
    sensor_width: int = Field(default=2028, ge=64, le=16_384, multiple_of=2, description="of the cropped sensor mode")
    sensor_height: int = Field(default=1520, ge=64, le=16_384, multiple_of=2, description="of the cropped sensor mode")
    min_fps: float | None = Field(
        default=None, gt=0, le=240, description="automatic exposure may slow down to this; unset: never below fps"
    )
    exposure_us: int | None = Field(default=None, gt=0, description="exposure time; unset: automatic")
    gain: float | None = Field(default=None, ge=1, description="analogue gain; unset: automatic")
    red_gain: float | None = Field(default=None, gt=0, description="white balance, with blue_gain; unset: automatic")
    blue_gain: float | None = Field(default=None, gt=0, description="white balance, with red_gain; unset: automatic")
    stall_frames: int = Field(default=30, ge=5, description="frames without a picture that mean the camera hangs")

    @model_validator(mode="after")
    def _gains_go_together(self) -> "CameraSettings":
        if (self.red_gain is None) != (self.blue_gain is None):
            raise ValueError("red_gain and blue_gain must be given together, or neither")
        return self


class Imx500Settings(_Section):
    """The network that runs on the IMX500 sensor."""

    network: Path = Field(
        default=Path("/usr/share/imx500-models/imx500_network_ssd_mobilenetv2_fpnlite_320x320_pp.rpk"),
        description="detection network (.rpk)",
    )
    threshold: float = Field(default=0.4, gt=0, lt=1, description="least confidence of a box")
    labels: tuple[str, ...] = Field(default=(), description="which of the network's labels are cards; empty: all")
    bbox_order: Literal["xy", "yx"] | None = Field(default=None, description="unset: as the network says, else yx")
    bbox_normalization: bool | None = Field(
        default=None, description="whether boxes are in input pixels; unset: as the network says"
    )
    tensor_lag_frames: int = Field(default=0, ge=0, le=3, description="how many frames boxes arrive after their image")


class TrackingSettings(_Section):
    """How detections become tracks."""

    min_iou: float = Field(default=0.3, gt=0, lt=1, description="overlap that lets a detection continue a track")
    min_hits: int = Field(
        default=3, ge=1, le=10_000, description="frames a card must be seen in before it has appeared"
    )
    hold_s: float = Field(default=0.5, gt=0, le=60, description="seconds a card may be hidden before it has left")


class SelectionSettings(_Section):
    """Which frames are worth embedding."""

    sharpness: float = Field(default=100.0, ge=0, description="least variance of the Laplacian on a 224 x 160 crop")
    moved_iou: float = Field(default=0.7, gt=0, lt=1, description="below this overlap the card has moved")
    cache_age_frames: int = Field(default=30, ge=1, le=100_000, description="an older answer is checked again")
    best_of_frames: int = Field(
        default=5, ge=1, le=10_000, description="a card that is never sharp is answered by the best of so many"
    )


class RecognitionSettings(_Section):
    """The model and the card database."""

    model: Path = Field(default=EMBEDDING_MODEL, description="embedding model (.onnx or .hef)")
    database: Path = Field(default=DEMO_DATABASE, description="card database (folder)")
    learned: Path | None = Field(
        default=None, description="folder of cards learned on the spot; unset: the service's own, or the user's"
    )
    matches: int = Field(default=5, ge=1, le=50, description="how many matches are reported")
    max_batch: int = Field(default=5, ge=1, le=64, description="most cards embedded in one batch")
    threads: int = Field(default=1, ge=1, le=64, description="threads of the inference runtime")
    fallback_model: Path | None = Field(
        default=None, description="float model (.onnx) that takes over while the accelerator of a .hef is lost"
    )
    npu_timeout_ms: int = Field(default=1000, ge=10, le=10_000, description="longest run of the accelerator")
    npu_min_cosine: float = Field(
        default=0.98, gt=0, lt=1, description="least agreement of the accelerator with the float model, at start"
    )
    npu_test_runs: int = Field(default=3, ge=2, le=100, description="how often the start-up self-test embeds")


class SmoothingSettings(_Section):
    """How single answers become a verdict on a card."""

    confirm_after: int = Field(
        default=3,
        ge=1,
        le=10_000,
        description="newest answers that have to agree to decide; a third as many among them may dissent",
    )
    doubt_frames: int = Field(
        default=30, ge=1, le=100_000, description="frames without support after which a confirmed card may turn unknown"
    )


class PublishSettings(_Section):
    """The sockets that programs connect to."""

    endpoint: Endpoint = Field(default="tcp://127.0.0.1:5556", description="ZeroMQ XPUB socket for results")
    control: Endpoint = Field(default="tcp://127.0.0.1:5557", description="ZeroMQ ROUTER socket for commands")
    preview: Endpoint = Field(
        default="tcp://127.0.0.1:*",
        description="ZeroMQ XPUB socket for the page's pictures; port *: any free one, which the page asks for",
    )
    device: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="name of this scanner in its messages; unset: made from the machine's id",
    )
    keys: Path = Field(
        default=Path("/etc/card-scanner/keys"),
        description="folder of the keys (`card-scanner keys`) that addresses need which other machines can reach",
    )
    send_high_water_mark: int = Field(default=1000, ge=1, le=100_000, description="messages kept for a slow subscriber")
    health_interval_s: float = Field(default=1.0, gt=0, le=60, description="time between health messages")


class CenteringSettings(_Section):
    """How centering is measured."""

    calibration: Path | None = Field(
        default=None, description="of the camera, by `card-scanner calibrate`; unset: the lens is judged by each card"
    )


class PageSettings(_Section):
    """The live page, which `card-scanner page` serves."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="address it listens on; 0.0.0.0: also the network's, where a password is asked for",
    )
    port: int = Field(default=8080, ge=1, le=65_535, description="TCP port")


class SnapshotSettings(_Section):
    """Where pictures go that are asked for with the command `snapshot`."""

    folder: Path | None = Field(default=None, description="their folder; unset: the service's own, or the user's")


class LogSettings(_Section):
    """Where confirmed cards are kept."""

    path: Path | None = Field(
        default=None, description="the log (SQLite); unset: scans.db in the service's own folder, or the user's"
    )
    max_mb: int = Field(
        default=1000, ge=10, le=1_000_000, description="its greatest size; beyond it the oldest exported scans go first"
    )

    @property
    def file(self) -> Path:
        """The log's own path, also where none is set."""
        return self.path or state_folder("log") / "scans.db"


class Settings(_Section):
    """Everything that can be set."""

    source: SourceSettings = SourceSettings()
    camera: CameraSettings = CameraSettings()
    imx500: Imx500Settings = Imx500Settings()
    tracking: TrackingSettings = TrackingSettings()
    selection: SelectionSettings = SelectionSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    smoothing: SmoothingSettings = SmoothingSettings()
    centering: CenteringSettings = CenteringSettings()
    publish: PublishSettings = PublishSettings()
    page: PageSettings = PageSettings()
    snapshot: SnapshotSettings = SnapshotSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="before")
    @classmethod
    def _hold_in_seconds(cls, values: Any) -> Any:  # noqa: ANN401 (whatever was given)
        """Take `tracking.max_missed_frames`, which older files have, as so many frames of the source."""
        tracking = values.get("tracking") if isinstance(values, dict) else None
        if not isinstance(tracking, dict) or "max_missed_frames" not in tracking:
            return values
        tracking = dict(tracking)
        frames = tracking.pop("max_missed_frames")
        source = values.get("source", {})
        fps: Any = source.get("fps", SourceSettings().fps) if isinstance(source, dict) else getattr(source, "fps", None)
        try:
            tracking["hold_s"] = float(frames) / float(fps)
        except (TypeError, ValueError, ArithmeticError):
            raise ValueError("tracking.max_missed_frames is now tracking.hold_s, in seconds") from None
        _log.warning(
            "tracking.max_missed_frames is now tracking.hold_s, in seconds: %s frames are taken as %.3g s",
            frames,
            tracking["hold_s"],
        )
        return values | {"tracking": tracking}

    @model_validator(mode="before")
    @classmethod
    def _without_distances(cls, values: Any) -> Any:  # noqa: ANN401 (whatever was given)
        """Leave out the distances that older files decided by; the database's calibration does."""
        smoothing = values.get("smoothing") if isinstance(values, dict) else None
        if not isinstance(smoothing, dict) or not (former := [key for key in _FORMER_DISTANCES if key in smoothing]):
            return values
        _log.warning(
            "smoothing.%s: distances decide no longer, but the probabilities that the card database is calibrated for; "
            "how many false accepts it allows is given to 'card-training index --false-accepts'",
            ", ".join(former),
        )
        kept = {key: value for key, value in smoothing.items() if key not in former}
        return values | {"smoothing": kept}

    @model_validator(mode="after")
    def _sockets_differ(self) -> "Settings":
        if self.publish.endpoint == self.publish.control:
            raise ValueError("publish.endpoint and publish.control must differ")
        return self

    @model_validator(mode="after")
    def _exposure_fits_the_frame_rate(self) -> "Settings":
        slowest = self.camera.min_fps or self.source.fps
        if slowest > self.source.fps:
            raise ValueError("camera.min_fps must not exceed source.fps")
        if self.camera.exposure_us is not None and self.camera.exposure_us > 1e6 / slowest:
            raise ValueError(f"camera.exposure_us must fit in a frame, {1e6 / slowest:.0f} us at {slowest:g} frames/s")
        return self


def load_settings(
    path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Read the settings: defaults, then the file, then the environment, then the command line's overrides.

    An environment variable `CARD_SCANNER_<SECTION>__<KEY>` sets that key.

    Raises:
        ConfigurationError: naming the file or variable, the key and what is allowed.
    """
    values: dict[str, dict[str, Any]] = {}
    if path is not None:
        values = _read_toml(path)
    for name, value in environment.items():
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if name.startswith(ENVIRONMENT_PREFIX) and separator:
            values.setdefault(section, {})[key] = value
    for section, entries in (overrides or {}).items():
        values.setdefault(section, {}).update(entries)
    return settings_of(values, f"{path}: " if path else "")


def settings_of(values: Mapping[str, Mapping[str, Any]], origin: str = "") -> Settings:
    """The settings of these sections, the others being left at their defaults.

    Raises:
        ConfigurationError: beginning with `origin`, naming the section or key and what is allowed.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as cause:
        first = cause.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        if first["type"] == "extra_forbidden":
            wrong = f"there is no such {'section' if len(first['loc']) == 1 else 'key'}"
        else:
            wrong = f"{what_is_wrong(first)} (got {first['input']!r})"
        allowed = what_is_allowed(Settings, first["loc"])
        raise ConfigurationError(f"{origin}{key}: {wrong}{allowed and '; ' + allowed}") from cause


def _read_toml(path: Path) -> dict[str, dict[str, Any]]:
    try:
        values = tomllib.loads(read_utf8(path).decode())
    except OSError as cause:
        raise ConfigurationError(f"cannot read the configuration {path}: {cause.strerror}") from cause
    except (ValueError, RecursionError) as cause:  # also of an integer of thousands of digits
        raise ConfigurationError(f"{path} is not valid TOML: {cause}") from cause
    for section, entries in values.items():
        if not isinstance(entries, dict):
            raise ConfigurationError(f"{path}: {section} must stand in a section, such as [source]")
    return values
