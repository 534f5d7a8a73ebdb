"""A scanner that works offline tells nobody of itself."""

import os
import subprocess
import sys


def test_onnx_runtime_keeps_no_device_number_and_reports_nothing(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    program = "from edge.detection import CardDetector; CardDetector()"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
