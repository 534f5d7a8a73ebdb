"""The running daemon as the world sees it: what it publishes and when, what is true meanwhile, its memory."""

import bisect
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import zmq

from edge.simulator.bench import Bench
from edge.simulator.script import Scenario
from edge.wire.messages import CardMessage, HealthMessage, TrackState
from tests.edge.service.test_daemon import free_ports
from tests.faults.injected_daemon import FRAME_SIZE

FPS = 20.0
# A verdict is published some frames after the first of those that it rests on.
VERDICT_FRAMES = 8
# A card that lies still is looked at again that often: so there are answers all the time.
CHECK_FRAMES = 5
LEAST_FPS = 5.0

Message = CardMessage | HealthMessage


class ObservedDaemon:
    """`tests.faults.injected_daemon` as a process, with a subscriber that reads everything."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        *,
        recognition: str = "",
        environment: dict[str, str] | None = None,
        log: Path | None = None,
        descriptors: int | None = None,
    ) -> None:
        """Start it.

        Args:
            folder: for its files; `npu` there gives it an accelerator.
            scenario: of the simulated bench.
            recognition: TOML lines of that section.
            environment: variables besides this process's.
            log: where its standard error goes.
            descriptors: how many files and connections it may have open.
        """
        self.folder = folder
        self.received: list[tuple[float, Message]] = []
        self.ports = free_ports(2)
        self._busy = False
        self.scenario = scenario
        self._bench = Bench(0, FRAME_SIZE, FPS, Scenario(scenario))
        (folder / "source").write_text(" ")
        (folder / "frames").touch()
        config = folder / "config.toml"
        config.write_text(
            f'[source]\nspec = "demo:{scenario}"\nfps = {FPS}\n[selection]\ncache_age_frames = {CHECK_FRAMES}\n'
            f'[snapshot]\nfolder = "{folder}/snapshots"\n'
            f"[recognition]\n{recognition}\n[publish]\n"
            f'endpoint = "{self.endpoint(0)}"\ncontrol = "{self.endpoint(1)}"\n'
            "health_interval_s = 0.1\nsend_high_water_mark = 100\n"
        )
        command = [sys.executable, "-m", "tests.faults.injected_daemon", str(folder), "run", "--config", str(config)]
        self.log = log or folder / "log"
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                command, stderr=errors, env=os.environ | (environment or {}), cwd=Path(__file__).parents[2]
            )
        if descriptors is not None:
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self._context = zmq.Context()
        self._ended = threading.Event()
        self._subscriber = threading.Thread(target=self._subscribe)
        self._subscriber.start()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._ended.set()
        self._subscriber.join()
        self._context.destroy(linger=0)

    def endpoint(self, number: int) -> str:
        return f"tcp://127.0.0.1:{self.ports[number]}"

    def inject(self, part: str, fault: str) -> None:
        """Let a fault befall the `source` or the `npu`, or end it; in one write."""
        with (self.folder / part).open("r+b", buffering=0) as file:
            file.write(f"{fault:8}".encode())

    def sound(self, since_s: float) -> None:
        """Wait until it answers; skip the test where this machine is too busy for that."""
        deadline = time.monotonic() + (2 if self._busy else 60)
        while not self._answers(since_s):
            assert self.process.poll() is None, f"the daemon has ended: {self.said()}"
            if time.monotonic() > deadline:
                health = self.health()[-1] if self.health() else None
                rate = health.frames_captured / health.uptime_s if health else 0.0
                assert rate < LEAST_FPS, f"nothing is confirmed; the daemon said: {self.said()}"
                self._busy = True
                pytest.skip(f"this machine is too busy: {rate:.0f} frames/s")
            time.sleep(0.05)

    def _answers(self, since_s: float) -> bool:
        """Whether cards are confirmed: lately, or the one that lies still is, and it is looked at again and again."""
        if self.scenario != "resting":
            return bool(self.cards("card.confirmed", since_s))
        lately = [health.embeddings for health in self.health(since_s)]
        newest = next((m for _, m in reversed(list(self.received)) if isinstance(m, CardMessage)), None)
        confirmed = newest is not None and newest.state is TrackState.CONFIRMED
        return confirmed and len(lately) > 1 and lately[-1] > lately[0]

    def ask(self, **request: object) -> dict:
        with self._context.socket(zmq.REQ) as client:
            client.linger, client.rcvtimeo = 0, 20_000
            client.connect(self.endpoint(1))
            client.send(json.dumps(request).encode())
            return json.loads(client.recv())

    def wait(self, until: Callable[[Message], bool], since_s: float = 0.0, timeout_s: float = 20.0) -> float:
        """When the first message came, at or after `since_s`, for which `until` holds."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            running = self.process.poll() is None
            for received_s, message in list(self.received):
                if received_s >= since_s and until(message):
                    return received_s
            assert running, f"the daemon has ended: {self.said()}"
            time.sleep(0.02)
        raise AssertionError(f"waited in vain; the daemon said: {self.said()}; last: {self.received[-1:]}")

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.is_file() else ""

    def cards(self, topic: str, begin_s: float = 0.0, end_s: float = float("inf")) -> list[CardMessage]:
        return [
            message
            for received_s, message in list(self.received)
            if begin_s <= received_s <= end_s and isinstance(message, CardMessage) and message.topic == topic
        ]

    def health(self, begin_s: float = 0.0, end_s: float = float("inf")) -> list[HealthMessage]:
        return [
            message
            for received_s, message in list(self.received)
            if begin_s <= received_s <= end_s and isinstance(message, HealthMessage)
        ]

    def lost(self) -> int:
        """Messages that were published and did not arrive."""
        numbers: dict[tuple[str, str], set[int]] = {}
        for _, message in list(self.received):
            numbers.setdefault((message.session, message.topic), set()).add(message.sequence)
        return sum(max(each) - min(each) + 1 - len(each) for each in numbers.values())

    def wrong(self, confirmed: Sequence[CardMessage]) -> list[str]:
        """Which of these name a card that did not lie on the bench then."""
        lines = [line.split() for line in (self.folder / "frames").read_text().splitlines()]
        stamps, numbers = [int(line[0]) for line in lines], [int(line[1]) for line in lines]
        return [
            f"{message.card_id} at {message.frame_timestamp_ns}"
            for message in confirmed
            if message.card_id not in self._present(stamps, numbers, message.frame_timestamp_ns)
        ]

    def _present(self, stamps: list[int], numbers: list[int], timestamp_ns: int) -> set[str | None]:
        number = numbers[bisect.bisect_left(stamps, timestamp_ns)]
        earlier = (max(0, number - VERDICT_FRAMES), number)
        return {card.card_id for each in earlier for card in self._bench.truth(each).cards}

    def _subscribe(self) -> None:
        with self._context.socket(zmq.SUB) as subscriber:
            subscriber.rcvhwm = 0
            subscriber.subscribe(b"")
            subscriber.connect(self.endpoint(0))
            while not self._ended.is_set():
                if subscriber.poll(50):
                    topic, body = subscriber.recv_multipart()
                    kind = HealthMessage if topic == b"health" else CardMessage
                    self.received.append((time.monotonic(), kind.model_validate_json(body)))
