"""Whether the IMX500 still has power from the program that used it before.

The kernel's driver turns it off 5 s after its last stream, and with that the network is lost. A network that is handed
over before then is not uploaded again, and the camera streams without output.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

# published: where Linux lists the parts of cameras, and how the power of a device's is told (runtime power management).
SUBDEVICES = Path("/sys/class/video4linux")
_POWER = Path("device/power/runtime_status")
_OFF = "suspended"
# chosen: how often the driver is asked.
_POLL_S = 0.2

_log = logging.getLogger(__name__)


def wait_until_off(
    limit_s: float,
    subdevices: Path = SUBDEVICES,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until no IMX500 has power any more, but no longer than `limit_s`: one that another program uses keeps it."""
    waiting = [folder / _POWER for folder in sorted(subdevices.glob("v4l-subdev*")) if _is_imx500(folder)]
    end_s = clock() + limit_s
    told = False
    while any(_has_power(status) for status in waiting) and clock() < end_s:
        if not told:
            _log.info("the sensor still has power; its network is uploaded once the driver has turned it off")
            told = True
        sleep(_POLL_S)


def _is_imx500(folder: Path) -> bool:
    return _read(folder / "name").startswith("imx500")


def _has_power(status: Path) -> bool:
    return _read(status) not in ("", _OFF)


def _read(path: Path) -> str:
    """What a file of the kernel says; nothing where there is none."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
