from pathlib import Path

import pytest

from edge.sources.sensor_power import wait_until_off


class Kernel:
    """The driver's files, and a clock that moves while somebody waits."""

    def __init__(self, folder: Path, name: str, off_s: float) -> None:
        self.folder, self.now_s, self._off_s = folder, 0.0, off_s
        self._status = folder / "v4l-subdev2" / "device" / "power" / "runtime_status"
        self._status.parent.mkdir(parents=True)
        (folder / "v4l-subdev2" / "name").write_text(f"{name}\n")
        self.sleep(0.0)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self._status.write_text("active\n" if self.now_s < self._off_s else "suspended\n")

    def wait(self) -> float:
        wait_until_off(6.0, self.folder, clock=lambda: self.now_s, sleep=self.sleep)
        return self.now_s


@pytest.mark.parametrize(
    ("name", "off_s", "waited_s"),
    [("imx500 10-001a", 0.0, 0.0), ("imx500 10-001a", 3.1, 3.2), ("imx500 10-001a", 100.0, 6.0), ("imx708", 3.0, 0.0)],
)
def test_it_waits_while_the_sensor_has_power(tmp_path, name, off_s, waited_s):
    assert Kernel(tmp_path, name, off_s).wait() == pytest.approx(waited_s, abs=0.25)


def test_where_the_kernel_says_nothing_nothing_is_waited_for(tmp_path):
    wait_until_off(6.0, tmp_path / "none", sleep=lambda _: pytest.fail("waited"))
    (tmp_path / "v4l-subdev0").mkdir()
    (tmp_path / "v4l-subdev0" / "name").write_text("imx500 10-001a\n")
    wait_until_off(6.0, tmp_path, sleep=lambda _: pytest.fail("waited"))
