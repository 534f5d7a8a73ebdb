"""Checks of the camera, the NPU and the board."""

import re
from collections.abc import Callable
from pathlib import Path

from edge.diagnosis.finding import Finding, State
from edge.diagnosis.machine import Machine, text_of
from edge.settings.settings import Settings

Check = Callable[[Settings, Machine], Finding]

_PI_CAMERAS = ("picamera", "imx500")
# What picamera2 needs for any camera, and its module for the IMX500 besides.
_PACKAGES = {
    "picamera2": "python3-picamera2",
    "libcamera": "python3-libcamera",
    "OpenEXR": "python3-openexr",
}
_MODULES = tuple(_PACKAGES)
# A sensor on the camera connector: its driver's name, then its I2C bus and address.
_SENSOR = re.compile(r"^(\w+) \d+-[0-9a-f]{4}$")
_FIRMWARE = (Path("/lib/firmware/imx500_loader.fpk"), Path("/lib/firmware/imx500_firmware.fpk"))
_PUBLISHED_NETWORKS = Path("/usr/share/imx500-models")
_HAILO_VENDOR = "0x1e60"
# The speed of a PCIe lane of the third generation, as the kernel states it; a Raspberry Pi 5 starts at 5.0.
_GEN_3_GT_S = 8.0
_DEVICES = ("dev/video*", "dev/media*", "dev/v4l-subdev*", "dev/dma_heap/*", "dev/hailo*")
_HOT_C, _TOO_HOT_C = 75.0, 82.0
# https://www.raspberrypi.com/documentation/computers/os.html#get_throttled; bit n + 16: the same since the start
_THROTTLED = {0: "the voltage is too low", 1: "the clock is capped", 2: "throttled", 3: "at the soft limit of heat"}


def check_camera(settings: Settings, machine: Machine) -> Finding:
    """Is the camera here that the settings ask for?"""
    kind, _, argument = settings.source.spec.partition(":")
    sensors = pi_sensors(machine)
    if kind == "v4l2":
        return _v4l2_camera(Path(argument), machine)
    if kind not in _PI_CAMERAS:
        found = f"{', '.join(sensors)} is here" if sensors else "none on the camera connector"
        return _finding("camera", State.UNUSED, f"the source is {settings.source.spec}; {found}")
    if not (sensors if kind == "picamera" else [name for name in sensors if name == "imx500"]):
        cable = "switch off, check the ribbon cable, switch on; then 'rpicam-hello --list-cameras'"
        found = f"only {', '.join(sensors)}" if sensors else "nothing"
        return _finding("camera", State.FAILURE, f"no {kind} camera: {found} is on the camera connector", cable)
    modules = _MODULES if kind == "imx500" else _MODULES[:2]
    missing = [name for name in modules if not machine.has_module(name)]
    if missing:
        install = f"sudo apt install {' '.join(_PACKAGES[name] for name in missing)}"
        return _finding("camera", State.FAILURE, f"Python does not find {' and '.join(missing)}", install)
    return _finding("camera", State.OK, f"{', '.join(sensors)} on the camera connector")


def check_sensor_firmware(settings: Settings, machine: Machine) -> Finding:
    """Is there what the IMX500 is loaded with?"""
    subject = "sensor firmware"
    if settings.source.spec != "imx500":
        return _finding(subject, State.UNUSED, f"the source is {settings.source.spec}")
    missing = [str(path) for path in (*_FIRMWARE, settings.imx500.network) if not machine.exists(path.absolute())]
    if missing:
        return _finding(subject, State.FAILURE, f"missing: {', '.join(missing)}", "sudo apt install imx500-all")
    if settings.imx500.network.is_relative_to(_PUBLISHED_NETWORKS):
        sentence = f"{settings.imx500.network.name} is a published network, and those know no cards"
        return _finding(subject, State.WARNING, sentence, 'set source.spec = "picamera", or imx500.network to your own')
    return _finding(subject, State.OK, f"firmware and {settings.imx500.network.name} are here")


def check_npu(settings: Settings, machine: Machine) -> Finding:
    """Is there a Hailo, on the bus and with its driver?"""
    on_bus = _npus_on_bus(machine)
    nodes = machine.glob("dev/hailo[0-9]*")
    if nodes:
        return _finding("NPU", State.OK, f"Hailo at /{nodes[0].relative_to(machine.root)}")
    if on_bus:
        install = "sudo apt install dkms hailo-all && sudo reboot"
        return _finding("NPU", State.FAILURE, "a Hailo is on the PCIe bus, but its driver is not loaded", install)
    if not wants_npu(settings):
        return _finding("NPU", State.UNUSED, "no Hailo on the PCIe bus; the model runs on the CPU")
    seat = "switch off, seat the Hailo's board; then 'lspci -d 1e60:' must list it"
    return _finding("NPU", State.FAILURE, "no Hailo on the PCIe bus", seat)


def check_npu_link(_settings: Settings, machine: Machine) -> Finding:
    """Does the Hailo's PCIe lane run at the speed of the third generation?"""
    speeds = [text_of(device / "current_link_speed") for device in _npus_on_bus(machine)]
    rates = [float(speed.split()[0]) for speed in speeds if re.match(r"\d+(\.\d+)? GT/s", speed)]
    if not rates:
        return _finding("NPU link", State.UNUSED, "no Hailo whose PCIe speed this machine tells")
    sentence = f"PCIe at {min(rates):g} GT/s"
    if min(rates) < _GEN_3_GT_S:
        line = "add 'dtparam=pciex1_gen=3' to /boot/firmware/config.txt and reboot"
        return _finding("NPU link", State.WARNING, f"{sentence}, not the {_GEN_3_GT_S:g} of Gen 3", line)
    return _finding("NPU link", State.OK, f"{sentence} (Gen 3)")


def check_npu_driver(settings: Settings, machine: Machine) -> Finding:
    """Have the Hailo's driver and library the same version?"""
    driver = text_of(machine.root / "sys/module/hailo_pci/version")
    library = machine.package_version("hailort")
    install = "sudo apt install --reinstall hailo-all && sudo reboot"
    if not driver and library is None:
        absent = State.FAILURE if wants_npu(settings) else State.UNUSED
        return _finding("NPU driver", absent, "neither driver nor library", install if wants_npu(settings) else "")
    if not driver:
        return _finding("NPU driver", State.FAILURE, f"library {library}, but the driver is not loaded", install)
    if library is None:
        return _finding(
            "NPU driver", State.FAILURE, f"driver {driver}, but Python does not find hailo_platform", install
        )
    if _release(driver) != _release(library):
        return _finding("NPU driver", State.FAILURE, f"driver {driver} and library {library} must be equal", install)
    return _finding("NPU driver", State.OK, f"driver and library {driver}")


def check_permissions(_settings: Settings, machine: Machine) -> Finding:
    """May this user use the devices?"""
    devices = [path for pattern in _DEVICES for path in machine.glob(pattern)]
    refused = [f"/{path.relative_to(machine.root)}" for path in devices if not machine.may_use(path)]
    if refused:
        join = "sudo usermod --append --groups video $USER, and log in again"
        named = ", ".join(refused[:3]) + (f" and {len(refused) - 3} more" if len(refused) > 3 else "")
        return _finding("permissions", State.FAILURE, f"this user may not use {named}", join)
    if not devices:
        return _finding("permissions", State.UNUSED, "no camera and no NPU to have permissions for")
    return _finding("permissions", State.OK, f"this user may use all {len(devices)} devices")


def check_temperature(_settings: Settings, machine: Machine) -> Finding:
    """Is the processor cool enough?"""
    readings = [text_of(path) for path in machine.glob("sys/class/thermal/thermal_zone*/temp")]
    degrees = [int(reading) / 1000 for reading in readings if reading.lstrip("-").isdecimal()]
    if not degrees:
        return _finding("temperature", State.UNUSED, "this machine does not tell its temperature")
    hottest = max(degrees)
    state = State.FAILURE if hottest >= _TOO_HOT_C else State.WARNING if hottest >= _HOT_C else State.OK
    cool = "" if state is State.OK else "fit a fan (a Raspberry Pi 5 slows down at 80 °C), and free its air holes"
    return _finding("temperature", state, f"{hottest:.0f} °C", cool)


def check_throttling(_settings: Settings, machine: Machine) -> Finding:
    """Does the board run at full speed, on enough voltage?"""
    bits = _throttled_bits(machine)
    if bits is None:
        return _finding("throttling", State.UNUSED, "this machine does not tell (no Raspberry Pi firmware)")
    now = [text for bit, text in _THROTTLED.items() if bits >> bit & 1]
    earlier = [text for bit, text in _THROTTLED.items() if bits >> (bit + 16) & 1]
    supply = "use a 5 V, 5 A supply and a fan; 'vcgencmd get_throttled' tells whether it helped"
    if now:
        return _finding("throttling", State.FAILURE, f"now: {', '.join(now)}", supply)
    if earlier:
        return _finding("throttling", State.WARNING, f"since the start: {', '.join(earlier)}", supply)
    return _finding("throttling", State.OK, "none since the start")


def wants_npu(settings: Settings) -> bool:
    """Whether the settings ask for the Hailo."""
    return settings.recognition.model.suffix == ".hef"


def pi_sensors(machine: Machine) -> list[str]:
    """Names of the sensors on the camera connectors."""
    names = [text_of(path) for path in machine.glob("sys/class/video4linux/v4l-subdev*/name")]
    return [match.group(1) for match in map(_SENSOR.match, names) if match]


def _npus_on_bus(machine: Machine) -> list[Path]:
    vendors = machine.glob("sys/bus/pci/devices/*/vendor")
    return [path.parent for path in vendors if text_of(path) == _HAILO_VENDOR]


def _v4l2_camera(device: Path, machine: Machine) -> Finding:
    if device.is_absolute() and machine.exists(device):
        node = (machine.root / device.relative_to("/")).resolve().name
        name = text_of(machine.root / "sys/class/video4linux" / node / "name")
        return _finding("camera", State.OK, f"{device} {name}".rstrip())
    there = [f"/dev/{path.name}" for path in machine.glob("dev/video*")]
    found = f"there are {', '.join(there)}" if there else "there is none at all"
    return _finding(
        "camera", State.FAILURE, f"no {device}; {found}", "plug it in; 'v4l2-ctl --list-devices' lists them"
    )


def _throttled_bits(machine: Machine) -> int | None:
    """The firmware's bits; from the kernel's file, or from the firmware's own command."""
    texts = [text_of(path) for path in machine.glob("sys/devices/platform/soc*/*firmware/get_throttled")]
    said = texts[0] if texts else machine.output(["vcgencmd", "get_throttled"]) or ""
    try:
        return int(said.removeprefix("throttled="), 16)
    except ValueError:
        return None


def _release(version: str) -> list[str]:
    return re.findall(r"\d+", version)[:3]


def _finding(subject: str, state: State, sentence: str, remedy: str = "") -> Finding:
    return Finding(subject=subject, state=state, sentence=sentence, remedy=remedy)


HARDWARE_CHECKS: tuple[Check, ...] = (
    check_camera,
    check_sensor_firmware,
    check_npu,
    check_npu_link,
    check_npu_driver,
    check_permissions,
    check_temperature,
    check_throttling,
)
