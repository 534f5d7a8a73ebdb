"""The sections of the settings: what each can be set to, and what it is when nothing is said."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from edge.files.paths import state_folder
from edge.settings.values import SOURCES, Endpoint, MqttTopic, Section, Source
from edge.shipped import DEMO_DATABASE, EMBEDDING_MODEL

_CAMERAS = ("v4l2:", "picamera", "imx500")


def camera_of(source: str) -> str | None:
    """The source where it is a camera, whose lens may be calibrated."""
    return source if source.startswith(_CAMERAS) else None


class SourceSettings(Section):
    """Where frames come from."""

    spec: Source = Field(default="demo", description=SOURCES)
    fps: float = Field(default=30.0, gt=0, le=240, description="frames per second asked of a live source")
    loop: bool = Field(default=False, description="start a video or folder again when it ends")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="seed of the simulated bench")

    @property
    def camera(self) -> str | None:
        """The source where it is a camera, whose lens may be calibrated."""
        return camera_of(self.spec)

    @property
    def replays(self) -> bool:
        """Whether it is a recording."""
        return self.spec.startswith("replay:")


class CameraSettings(Section):
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


class Imx500Settings(Section):
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


class TrackingSettings(Section):
    """How detections become tracks."""

    min_iou: float = Field(default=0.3, gt=0, lt=1, description="overlap that lets a detection continue a track")
    min_hits: int = Field(
        default=3, ge=1, le=10_000, description="frames a card must be seen in before it has appeared"
    )
    hold_s: float = Field(default=0.5, gt=0, le=60, description="seconds a card may be hidden before it has left")


class SelectionSettings(Section):
    """Which frames are worth embedding."""

    sharpness: float = Field(default=100.0, ge=0, description="least variance of the Laplacian on a 224 x 160 crop")
    moved_iou: float = Field(default=0.7, gt=0, lt=1, description="below this overlap the card has moved")
    cache_age_frames: int = Field(default=30, ge=1, le=100_000, description="an older answer is checked again")
    best_of_frames: int = Field(
        default=5, ge=1, le=10_000, description="a card that is never sharp is answered by the best of so many"
    )


class RecognitionSettings(Section):
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


class SmoothingSettings(Section):
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


class PublishSettings(Section):
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


class CenteringSettings(Section):
    """How centering is measured."""

    calibration: Path | None = Field(
        default=None, description="of the camera, by `card-scanner calibrate`; unset: the lens is judged by each card"
    )


class PageSettings(Section):
    """The live page, which `card-scanner page` serves."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="address it listens on; 0.0.0.0: also the network's, where a password is asked for",
    )
    port: int = Field(default=8080, ge=1, le=65_535, description="TCP port")
    inventory: Path | None = Field(
        default=None,
        description="what people say of scans (SQLite); unset: inventory.db in the service's own folder, or the user's",
    )

    @property
    def inventory_file(self) -> Path:
        """The inventory's own path, also where none is set."""
        return self.inventory or state_folder("inventory") / "inventory.db"


class MqttSettings(Section):
    """The MQTT broker that `card-scanner mqtt` takes results to."""

    host: str = Field(default="127.0.0.1", min_length=1, description="of the broker")
    port: int = Field(default=1883, ge=1, le=65_535, description="port of the broker")
    tls: bool = Field(default=False, description="encrypted, with a certificate that the system trusts (port 8883)")
    user: str | None = Field(default=None, min_length=1, description="that the broker knows; unset: none")
    password_file: Path | None = Field(default=None, description="file with the user's password")
    prefix: MqttTopic = Field(default="card-scanner", description="beginning of the topics")
    discovery: MqttTopic = Field(default="homeassistant", description="where Home Assistant looks for devices")


class SnapshotSettings(Section):
    """Where pictures and recordings go that are asked for with the commands `snapshot` and `record`."""

    folder: Path | None = Field(default=None, description="their folder; unset: the service's own, or the user's")

    @property
    def place(self) -> Path:
        """Their folder, also where none is set."""
        return self.folder or state_folder("snapshots")


class LogSettings(Section):
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
