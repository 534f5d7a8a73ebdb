from pathlib import Path

import pytest

from edge.diagnosis.finding import State
from edge.diagnosis.hardware import (
    check_camera,
    check_npu,
    check_npu_driver,
    check_npu_link,
    check_permissions,
    check_sensor_firmware,
    check_temperature,
    check_throttling,
)
from edge.diagnosis.machine import Machine
from edge.settings.sections import Imx500Settings, RecognitionSettings, SourceSettings
from edge.settings.settings import Settings


class Board(Machine):
    """A machine made of files below a temporary folder, with chosen packages and commands."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.modules: set[str] = set()
        self.versions: dict[str, str] = {}
        self.refused: set[str] = set()
        self.outputs: dict[str, str] = {}

    def write(self, path: str, text: str = "") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text + "\n")

    def has_module(self, name):
        return name in self.modules

    def package_version(self, name):
        return self.versions.get(name)

    def may_use(self, path):
        return path.name not in self.refused

    def output(self, command):
        return self.outputs.get(command[0])


@pytest.fixture
def board(tmp_path) -> Board:
    return Board(tmp_path)


def source(spec: str) -> Settings:
    return Settings(source=SourceSettings(spec=spec))


NPU = Settings(recognition=RecognitionSettings(model=Path("/models/student.hef")))
DEFAULTS = Settings()


def test_a_plain_machine_lacks_everything_and_fails_nothing(board):
    checks = (check_camera, check_sensor_firmware, check_npu, check_npu_link, check_npu_driver, check_permissions)
    for check in (*checks, check_temperature, check_throttling):
        finding = check(DEFAULTS, board)
        assert (finding.state, finding.remedy) == (State.UNUSED, ""), finding
        assert len(finding.line().splitlines()) == 1


def test_an_imx500_with_everything_it_needs(board):
    board.write("sys/class/video4linux/v4l-subdev2/name", "imx500 10-001a")
    board.modules = {"picamera2", "libcamera"}
    finding = check_camera(source("imx500"), board)
    assert (finding.state, finding.remedy) == (State.FAILURE, "sudo apt install python3-openexr")
    assert check_camera(source("picamera"), board).state is State.OK
    board.modules.add("OpenEXR")
    assert check_camera(source("imx500"), board).state is State.OK
    finding = check_sensor_firmware(source("imx500"), board)
    assert (finding.state, finding.remedy) == (State.FAILURE, "sudo apt install imx500-all")
    board.write("lib/firmware/imx500_loader.fpk")
    board.write("lib/firmware/imx500_firmware.fpk")
    board.write(str(DEFAULTS.imx500.network.relative_to("/")))
    finding = check_sensor_firmware(source("imx500"), board)
    assert (finding.state, "know no cards" in finding.sentence) == (State.WARNING, True)
    board.write("opt/cards.rpk")
    ours = Imx500Settings(network=Path("/opt/cards.rpk"))
    settings = source("imx500").model_copy(update={"imx500": ours})
    assert check_sensor_firmware(settings, board).state is State.OK


@pytest.mark.parametrize(
    ("spec", "sensor", "state", "named"),
    [
        ("imx500", None, State.FAILURE, "nothing is on the camera connector"),
        ("imx500", "ov5647 10-0036", State.FAILURE, "only ov5647"),
        ("imx500", "imx500 10-001a", State.FAILURE, "does not find picamera2 and libcamera and OpenEXR"),
        ("picamera", "ov5647 10-0036", State.FAILURE, "does not find picamera2"),
        ("picamera", "pisp-fe csi2", State.FAILURE, "nothing is on"),
        ("demo", "imx500 10-001a", State.UNUSED, "imx500 is here"),
    ],
)
def test_cameras_that_are_not_there(board, spec, sensor, state, named):
    if sensor:
        board.write("sys/class/video4linux/v4l-subdev2/name", sensor)
    finding = check_camera(source(spec), board)
    assert finding.state is state
    assert named in finding.sentence
    assert bool(finding.remedy) == (state is State.FAILURE)


def test_a_usb_camera(board):
    assert "there is none at all" in check_camera(source("v4l2:/dev/video0"), board).sentence
    board.write("dev/video2")
    finding = check_camera(source("v4l2:/dev/video0"), board)
    assert (finding.state, finding.sentence) == (State.FAILURE, "no /dev/video0; there are /dev/video2")
    board.write("sys/class/video4linux/video2/name", "HD Webcam")
    assert check_camera(source("v4l2:/dev/video2"), board).sentence == "/dev/video2 HD Webcam"
    (board.root / "dev/v4l/by-id").mkdir(parents=True)
    (board.root / "dev/v4l/by-id/usb-HD-index0").symlink_to("../../video2")
    named = check_camera(source("v4l2:/dev/v4l/by-id/usb-HD-index0"), board).sentence
    assert named == "/dev/v4l/by-id/usb-HD-index0 HD Webcam"


def test_the_npu(board):
    assert check_npu(NPU, board).state is State.FAILURE
    board.write("sys/bus/pci/devices/0001:01:00.0/vendor", "0x1e60")
    finding = check_npu(DEFAULTS, board)
    assert (finding.state, finding.remedy) == (State.FAILURE, "sudo apt install dkms hailo-all && sudo reboot")
    board.write("dev/hailo0")
    assert check_npu(NPU, board).sentence == "Hailo at /dev/hailo0"


@pytest.mark.parametrize(
    ("speed", "state", "named"),
    [
        ("8.0 GT/s PCIe", State.OK, "8 GT/s (Gen 3)"),
        ("5.0 GT/s PCIe", State.WARNING, "PCIe at 5 GT/s, not the 8 of Gen 3"),
        ("Unknown", State.UNUSED, "no Hailo whose"),
    ],
)
def test_the_npus_lane_runs_at_gen_3(board, speed, state, named):
    board.write("sys/bus/pci/devices/0001:01:00.0/vendor", "0x1e60")
    board.write("sys/bus/pci/devices/0001:01:00.0/current_link_speed", speed)
    board.write("sys/bus/pci/devices/0000:00:00.0/vendor", "0x14e4")
    board.write("sys/bus/pci/devices/0000:00:00.0/current_link_speed", "2.5 GT/s PCIe")
    finding = check_npu_link(DEFAULTS, board)
    assert finding.state is state
    assert named in finding.sentence
    assert ("pciex1_gen=3" in finding.remedy) == (state is State.WARNING)


@pytest.mark.parametrize(
    ("driver", "library", "state"),
    [
        ("4.20.0", "4.20.0", State.OK),
        ("4.20.0", "4.20.0.post1", State.OK),
        ("4.20.0", "4.21.0", State.FAILURE),
        ("4.20.0", None, State.FAILURE),
        (None, "4.20.0", State.FAILURE),
        (None, None, State.FAILURE),
    ],
)
def test_driver_and_library_must_be_equal(board, driver, library, state):
    if driver:
        board.write("sys/module/hailo_pci/version", driver)
    board.versions = {"hailort": library} if library else {}
    finding = check_npu_driver(NPU, board)
    assert finding.state is state
    assert all(version in finding.sentence for version in (driver, library) if version and state is State.FAILURE)


def test_permissions(board):
    for name in ("video0", "media0", "hailo0", "dma_heap/linux,cma"):
        board.write(f"dev/{name}")
    assert check_permissions(DEFAULTS, board).sentence == "this user may use all 4 devices"
    board.refused = {"hailo0"}
    finding = check_permissions(DEFAULTS, board)
    assert (finding.state, finding.sentence) == (State.FAILURE, "this user may not use /dev/hailo0")
    assert "usermod" in finding.remedy


@pytest.mark.parametrize(
    ("reading", "state"),
    [("48312", State.OK), ("76000", State.WARNING), ("85000", State.FAILURE), ("broken", State.UNUSED)],
)
def test_temperature(board, reading, state):
    board.write("sys/class/thermal/thermal_zone0/temp", reading)
    assert check_temperature(DEFAULTS, board).state is state


@pytest.mark.parametrize(
    ("bits", "state", "named"),
    [
        ("0", State.OK, "none"),
        ("50005", State.FAILURE, "now: the voltage is too low, throttled"),
        ("50000", State.WARNING, "since the start: the voltage is too low, throttled"),
        ("?", State.UNUSED, "does not tell"),
    ],
)
def test_throttling_from_the_kernel_or_the_firmware(board, bits, state, named):
    board.outputs = {"vcgencmd": f"throttled=0x{bits}"}
    for _ in range(2):
        finding = check_throttling(DEFAULTS, board)
        assert finding.state is state
        assert named in finding.sentence
        board.write("sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", bits)
        board.outputs = {}
