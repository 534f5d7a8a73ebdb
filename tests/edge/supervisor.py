"""A service manager as small as can be: starts a process, hears it, and ends it when it misses its watchdog."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path


class Supervisor:
    """Speaks the receiving end of systemd's notify protocol over a real Unix datagram socket."""

    def __init__(self, folder: Path, command: list[str], watchdog_s: float | None = None) -> None:
        self.starts = 0
        self.missed = 0
        self.heard: list[dict[str, str]] = []
        self._command, self._watchdog_s = command, watchdog_s
        self._path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        self._ready = False
        self._fed_s = time.monotonic()
        self.errors = (folder / "errors").open("w+b")

    def __enter__(self) -> "Supervisor":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()
        self.errors.close()

    def start(self) -> None:
        # WATCHDOG_PID is the started process's own, so it can only be set once that exists: exec keeps the number.
        variables = {"NOTIFY_SOCKET": self._path}
        if self._watchdog_s is not None:
            variables["WATCHDOG_USEC"] = str(round(1e6 * self._watchdog_s))
        shell = ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", *self._command]
        self.starts += 1
        self._ready = False
        self.process = subprocess.Popen(shell, env=os.environ | variables, stderr=self.errors)

    def run(self, until, timeout_s: float = 30.0) -> None:
        """Supervise until `until()` holds: hear, watch, start again what has ended badly."""
        deadline = time.monotonic() + timeout_s
        while not until():
            assert time.monotonic() < deadline, f"waited in vain; heard {self.heard[-5:]}; it said: {self.said()}"
            self._hear()
            self._watch()

    def said(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode()

    def values(self, key: str) -> list[str]:
        return [message[key] for message in self.heard if key in message]

    def _hear(self) -> None:
        self._socket.settimeout(0.05)
        try:
            lines = self._socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return
        message = dict(line.split("=", 1) for line in lines)
        self.heard.append(message)
        if "READY" in message:
            self._ready = True
        if "WATCHDOG" in message or "READY" in message:
            self._fed_s = time.monotonic()

    def _watch(self) -> None:
        hungry = self._watchdog_s is not None and time.monotonic() - self._fed_s > self._watchdog_s
        if self._ready and hungry and self.process.poll() is None:
            self.missed += 1
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
        if self.process.poll() not in (None, 0):
            self.start()
