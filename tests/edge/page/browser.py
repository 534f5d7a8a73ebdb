"""A real Chromium, driven by selenium, and what it has asked for."""

import json
import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")


class Browser:
    """One headless browser with one window."""

    def __init__(self, *, width: int = 1280, height: int = 900) -> None:
        selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
        if CHROMIUM is None or DRIVER is None:
            pytest.skip("chromium or chromedriver is not installed")
        options = selenium.ChromeOptions()
        options.binary_location = CHROMIUM
        for each in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
            options.add_argument(each)
        options.add_argument(f"--window-size={width},{height}")
        options.add_argument("--host-resolver-rules=MAP scanner.lan 127.0.0.1")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
        if width < 500:  # no window is narrower
            size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self, address: str) -> None:
        self.driver.get(address)

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def wait(self, script: str, timeout_s: float) -> tuple[Any, float]:
        """What a script returns as soon as that is true, and after how many seconds."""
        return until(lambda: self.run(script), timeout_s, script)

    def press(self, key: str) -> None:
        self.driver.find_element("tag name", "body").send_keys(key)

    def complaints(self) -> list[str]:
        """What the console has said since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def received(self) -> list[tuple[str, int, int]]:
        """Address, status and encoded size of every response since the last call."""
        found, sizes = {}, {}
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            parameters = event["params"]
            if event["method"] == "Network.responseReceived":
                found[parameters["requestId"]] = (parameters["response"]["url"], parameters["response"]["status"])
            elif event["method"] == "Network.loadingFinished":
                sizes[parameters["requestId"]] = int(parameters["encodedDataLength"])
        return [(url, status, sizes.get(request, 0)) for request, (url, status) in found.items()]

    def close(self) -> None:
        self.driver.quit()


def until(condition: Callable[[], Any], timeout_s: float, what: str) -> tuple[Any, float]:
    started = time.monotonic()
    while time.monotonic() - started < timeout_s:
        if value := condition():
            return value, time.monotonic() - started
        time.sleep(0.01)
    raise AssertionError(f"waited {timeout_s} s in vain: {what}")
