"""A page in a process of its own, and what asks it for something."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class PageProcess:
    """`card-scanner page`, which follows the scanner on these ports."""

    def __init__(self, folder: Path, results: int, control: int, **settings: str) -> None:
        (self.port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{self.port}/"
        self.environment = os.environ | {
            "CARD_SCANNER_PUBLISH__ENDPOINT": f"tcp://127.0.0.1:{results}",
            "CARD_SCANNER_PUBLISH__CONTROL": f"tcp://127.0.0.1:{control}",
            "CARD_SCANNER_PAGE__PORT": str(self.port),
            "XDG_STATE_HOME": str(folder),
            **{f"CARD_SCANNER_{name}": value for name, value in settings.items()},
        }
        self.log, self.inventory = (
            folder / "card-scanner" / name for name in ("log/scans.db", "inventory/inventory.db")
        )
        self.start()

    def command(self, word: str) -> str:
        command = [sys.executable, "-m", "edge.cli", "page", word]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "edge.cli", "page"]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        ends = time.monotonic() + 60
        while time.monotonic() < ends and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the page did not start: {self.stop(signal.SIGKILL)}")

    def stop(self, number: int = signal.SIGTERM) -> str:
        self.process.send_signal(number)
        return self.process.communicate(timeout=20)[1]

    def tell(self, path: str, body: str) -> dict:
        """What is answered to a form of the page's own."""
        status, _, answer = self.ask("POST", path, body, Origin=self.address.rstrip("/"))
        return {"status": status, **json.loads(answer)}

    def get(self, path: str) -> dict:
        return json.loads(self.ask("GET", path)[2])

    def ask(self, method: str, path: str, body: str | bytes | None = None, **headers: str) -> tuple[int, dict, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def lonely_page(tmp_path_factory) -> PageProcess:
    """A page whose scanner does not run."""
    page = PageProcess(tmp_path_factory.mktemp("page"), *free_ports(2))
    yield page
    page.stop()
