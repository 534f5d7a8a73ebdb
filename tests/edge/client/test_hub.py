"""Three real scanners, brought together by ZeroMQ's own proxy as docs/examples/hub.py does it."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import cv2
import pytest

from edge.client import CardMessage, Client, Received, Restarted, Topic
from tests.edge.service.test_daemon import free_ports, start

pytestmark = pytest.mark.e2e
HUB = Path(__file__).resolve().parents[3] / "docs" / "examples" / "hub.py"
LIMIT_S = 60.0


class Fleet:
    """Three scanners, each before a card of its own, and the hub."""

    def __init__(self, folder, database, table, resources, patch):
        self.cards = dict(zip(("front", "back", "door"), database.cards, strict=False))
        self._folder, self._database, self._resources, self._patch = folder, database, resources, patch
        self._ports = {name: free_ports(2) for name in self.cards}
        self.processes = {}
        for name, card_id in self.cards.items():
            (folder / name / "photos").mkdir(parents=True)
            cv2.imwrite(str(folder / name / "photos" / "1.png"), table(database.cards[card_id]))
            self.start(name)
        self.endpoint = f"tcp://127.0.0.1:{free_ports(1)[0]}"
        scanners = [f"tcp://127.0.0.1:{ports[0]}" for ports in self._ports.values()]
        self._run([sys.executable, str(HUB), self.endpoint, *scanners])

    def start(self, name):
        self._patch.setenv("CARD_SCANNER_PUBLISH__DEVICE", name)
        self._patch.setenv("CARD_SCANNER_LOG__PATH", str(self._folder / name / "scans.db"))
        source = f'[source]\nspec = "images:{self._folder / name / "photos"}"\nloop = true\n'
        process = start(self._folder / name, self._database.toml() + source, self._ports[name])
        self._resources.callback(process.communicate)
        self._resources.callback(process.kill)
        self.processes[name] = process

    def _run(self, command):
        process = subprocess.Popen(command)
        self._resources.callback(process.wait)
        self._resources.callback(process.kill)


def heard_until(client, done):
    """The events up to the first after which `done` holds of them all."""
    events = []
    while not done(events):
        event = client.receive(LIMIT_S)
        assert event is not None, events[-3:]
        events.append(event)
    return events


def confirmed(events):
    """Device -> card, of the confirmations among events."""
    return {
        each.message.device: each.message.card_id
        for each in events
        if isinstance(each, Received)
        and isinstance(each.message, CardMessage)
        and each.message.topic is Topic.CONFIRMED
    }


def test_one_subscriber_hears_three_scanners_and_which_of_them_was_started_again(tiny_database, table, tmp_path):
    with ExitStack() as resources:
        patch = resources.enter_context(pytest.MonkeyPatch.context())
        fleet = Fleet(tmp_path, tiny_database, table, resources, patch)
        client = resources.enter_context(Client(fleet.endpoint))
        heard_until(client, lambda events: len(confirmed(events)) == 3)
        assert {name: scanner.device for name, scanner in client.scanners.items()} == {n: n for n in fleet.cards}
        assert client.lost == 0
        # Who comes late is told what holds, by each of them, though the first subscriber asked for the same.
        late = resources.enter_context(Client(fleet.endpoint, topics=["health"]))
        heard_until(late, lambda _: len(late.scanners) == 3)
        fleet.processes["back"].kill()
        fleet.processes["back"].wait()
        fleet.start("back")
        events = heard_until(client, lambda events: "back" in confirmed(events[-1:]))
        assert {each.device for each in events if isinstance(each, Restarted)} == {"back"}
        # One log of all: as lines of JSON.
        command = [sys.executable, "-m", "edge.cli", "watch", "--json", "--connect", fleet.endpoint, "--count", "60"]
        lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.splitlines()
        assert {json.loads(line)["device"] for line in lines} == set(fleet.cards)
