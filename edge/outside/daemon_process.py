"""The daemon as a child process, for commands that watch it from outside."""

import os
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from edge.errors import ScannerError
from edge.settings.sections import RecognitionSettings

_STOP_LIMIT_S = 5.0


class DaemonProcess:
    """`card-scanner run` on free ports and with a log of its own, from the beginning of a `with` to its end."""

    def __init__(self, source: str, recognition: RecognitionSettings | None = None) -> None:
        """Start it with that source of frames; `recognition` names another model and database than the settings do."""
        self.endpoint, self.control = (f"tcp://127.0.0.1:{port}" for port in _free_ports(2))
        self.peak_rss_mb = 0.0
        self._scans = tempfile.TemporaryDirectory()
        settings = {
            "CARD_SCANNER_PUBLISH__ENDPOINT": self.endpoint,
            "CARD_SCANNER_PUBLISH__CONTROL": self.control,
            "CARD_SCANNER_LOG__PATH": str(Path(self._scans.name) / "scans.db"),
        }
        if recognition is not None:
            settings["CARD_SCANNER_RECOGNITION__MODEL"] = str(recognition.model)
            settings["CARD_SCANNER_RECOGNITION__DATABASE"] = str(recognition.database)
        command = [sys.executable, "-m", "edge.cli", "run", "--source", source]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(  # noqa: S603
            command, env=os.environ | settings, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> "DaemonProcess":
        """The process itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it, by force where it does not stop by itself."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._scans.cleanup()

    def check(self) -> None:
        """Note its memory, and make sure that it runs.

        Raises:
            ScannerError: if it has ended, with what it said last.
        """
        if self._process.poll() is not None:
            raise ScannerError(f"the scanner ended early: {self.last_words()}")
        self.peak_rss_mb = _peak_rss_mb(self._process.pid) or self.peak_rss_mb

    def last_words(self) -> str:
        """The last line of its log."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("card-scanner: error: ") if lines else "it left no message"


def _free_ports(number: int) -> list[int]:
    """TCP ports that nobody listens on now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _peak_rss_mb(pid: int) -> float | None:
    """Greatest resident memory of a process so far, in units of 1e6 bytes; None once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    peaks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return peaks[0] * 1024 / 1e6 if peaks else None
