"""The examples of docs/examples, and the clients recorded from earlier releases, against today's sockets."""

import os
import queue
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.wire.envelope import Topic
from tests.edge.client.serving import Scanner
from tests.wire_messages import card_message

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
RECORDED = ROOT / "tests" / "edge" / "wire" / "recorded" / "2"
WAIT_S = 20


@pytest.fixture
def scanner():
    scanner = Scanner()
    yield scanner
    scanner.close()


@contextmanager
def lines_of(*command, environment=None):
    """What a program writes, line by line."""
    lines: queue.Queue[str] = queue.Queue()
    with subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}),
        start_new_session=True,
    ) as program:

        def read():
            for line in program.stdout:
                lines.put(line.rstrip())

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield lambda: lines.get(timeout=WAIT_S)
        finally:
            os.killpg(program.pid, 9)
            reader.join()


def tells_what_is_in_view_what_is_confirmed_and_what_was_missed(scanner, *command):
    scanner.publish(card_message(track_id=1, card_id="ab-1"))
    with lines_of(*command, scanner.endpoint, scanner.control) as line:
        assert {line(), line()} == {"confirmed: ab-1 Flabébé", "in view: ab-1"}
        scanner.publish(card_message(track_id=2, card_id="ab-2"))
        assert line() == "confirmed: ab-2 Flabébé"
        scanner.publish(card_message(topic=Topic.LEFT, track_id=1))
        scanner.publish(card_message(track_id=3, card_id="ab-3"), lost=True)
        scanner.publish(card_message(track_id=4, card_id="ab-4"))
        assert {line(), line()} == {"confirmed: ab-4 Flabébé", "in view: ab-2 ab-4"}


@pytest.mark.parametrize("folder", [EXAMPLES, RECORDED], ids=["today", "protocol 2"])
def test_in_python(scanner, folder):
    tells_what_is_in_view_what_is_confirmed_and_what_was_missed(scanner, sys.executable, folder / "confirmed.py")


@pytest.mark.parametrize("folder", [EXAMPLES, RECORDED], ids=["today", "protocol 2"])
def test_in_node(scanner, folder):
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed: sudo apt install nodejs npm")
    if subprocess.run([node, "-e", "require('zeromq')"], capture_output=True, cwd=ROOT, check=False).returncode:
        pytest.skip("Node's package zeromq is not installed: npm install zeromq, and NODE_PATH names where")
    tells_what_is_in_view_what_is_confirmed_and_what_was_missed(scanner, node, folder / "confirmed.js")


def test_in_the_shell(scanner):
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed: sudo apt install jq")
    commands = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    scanner.publish(card_message(track_id=1, card_id="ab-1"))
    with lines_of("sh", EXAMPLES / "confirmed.sh", scanner.endpoint, environment=commands) as line:
        assert line() == "confirmed: ab-1 Flabébé"
        scanner.publish(card_message(track_id=2, card_id="ab-2"))
        assert line() == "confirmed: ab-2 Flabébé"
