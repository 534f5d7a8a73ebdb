"""The studio as a process, before runs whose processes are their own, and in a real browser."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from edge.errors import PublishError
from tests.edge.page.browser import Browser, until
from tests.edge.page.conftest import free_ports
from training.cli import main

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(170)]
# A run that takes its folder and writes a line whenever it is given one.
RUN = """
import json, pathlib, sys
from training.engine.history import append_history
from training.engine.run_folder import RunFolder
folder = pathlib.Path(sys.argv[1])
with RunFolder(folder, {"command": "card-training student --name a --steps 9", "settings": {}}, resume=False) as run:
    print("ready", flush=True)
    for line in sys.stdin:
        append_history(folder, json.loads(line))
        print("written", flush=True)
    run.end(finished=True)
"""
LINE = {"progress": 0.1, "arcface": 2.5, "learning_rate": 1e-3, "images_per_s": 80.0, "eta_s": 60}


class Studio:
    """`card-training studio` on a free port."""

    def __init__(self, runs) -> None:
        (self.port,) = free_ports(1)
        self.runs = runs
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "training", "studio", "--runs", str(self.runs), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == f"http://127.0.0.1:{self.port}/\n"

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(20)
        self.process.stdout.close()

    def runs_shown(self) -> dict[str, dict]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/runs") as answer:
            return {run["name"]: run for run in json.load(answer)["runs"]}

    def post(self, path: str, body: dict, origin: str | None = None) -> tuple[int, dict]:
        headers = {"Origin": origin or f"http://127.0.0.1:{self.port}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def events(self, name: str, after: str = ""):
        """Id, kind and data of each event."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/runs/{name}/events", headers={"Last-Event-ID": after} if after else {})
        answer = connection.getresponse()
        event = {}
        try:
            while line := answer.readline().decode():
                key, _, value = line.rstrip("\n").partition(": ")
                if key:
                    event[key] = value
                elif "event" in event:
                    yield event.get("id", ""), event["event"], json.loads(event["data"])
                    event = {}
        finally:
            connection.close()


class Training:
    """A process with a run."""

    def __init__(self, folder) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert self.process.stdout.readline() == "ready\n"

    def write(self, step: int, **more) -> None:
        self.process.stdin.write(json.dumps({"step": step, **LINE, **more}) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "written\n"

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def studio(tmp_path):
    studio = Studio(tmp_path / "runs")
    yield studio
    studio.stop()


@pytest.fixture
def training(studio):
    training = Training(studio.runs / "a")
    yield training
    training.end(signal.SIGKILL)


def test_a_run_is_followed_adopted_after_a_kill_and_told_from_one_that_was_killed(studio, training):
    training.write(1)
    events = studio.events("a")
    place, kind, entries = next(events)
    assert (kind, [entry["step"] for entry in entries]) == ("history", [1])
    assert next(events)[2]["state"] == "running"
    training.write(2)
    place, kind, entries = next(events)
    assert (kind, [entry["step"] for entry in entries]) == ("more", [2])
    studio.stop(signal.SIGKILL)
    training.write(3)
    studio.start()
    shown = studio.runs_shown()["a"]
    assert (shown["state"], shown["process"], shown["step"]) == ("running", training.process.pid, 3)
    again = studio.events("a", place)
    assert [entry["step"] for entry in next(again)[2]] == [3]
    training.end(signal.SIGKILL)
    states = (data["state"] for _, kind, data in again if kind == "state")
    until(lambda: next(states) == "interrupted", 15, "the run is seen to have been killed")
    assert studio.runs_shown()["a"]["can_resume"]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_run_is_started_as_a_process_and_says_why_it_failed(studio, tmp_path):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards.json").write_text("{}")
    asked = {"name": "mine", "cards": str(tmp_path / "cards"), "metadata": str(tmp_path / "cards.json")}
    assert studio.post("/runs", asked) == (201, {"name": "mine"})
    process = studio.runs_shown()["mine"]["process"]
    assert os.getsid(process) == process
    assert studio.post("/runs", asked)[0] == 409
    while (shown := studio.runs_shown()["mine"])["state"] == "starting":
        time.sleep(0.5)
    assert shown["state"].startswith("failed")
    assert "holds no card images" in studio.runs_shown()["mine"]["state"]


def test_what_cannot_be_started_is_said_and_nothing_is(studio, tmp_path):
    wrong = {
        "There is no folder": {"name": "a", "cards": str(tmp_path / "none"), "metadata": "x"},
        "needs a list": {"name": "a", "cards": str(tmp_path)},
        "name: ": {"name": "../a", "cards": "60"},
        "recipe: ": {"name": "a", "cards": "60", "recipe": "../x"},
    }
    for said, asked in wrong.items():
        code, answer = studio.post("/runs", asked)
        assert (code, said in answer["error"]) == (400, True)
    assert studio.post("/runs", {"name": "a", "cards": "60"}, origin="http://elsewhere.example")[0] == 403
    assert studio.post("/runs/a/stop", {})[0] == 404
    assert studio.runs_shown() == {}


def test_stop_and_go_on(studio, training):
    training.write(1)
    assert studio.post("/runs/a/resume", {})[0] == 409
    assert studio.post("/runs/a/stop", {})[0] == 200
    assert training.process.wait(20) == -signal.SIGTERM
    assert studio.post("/runs/a/stop", {})[0] == 409
    code, answer = studio.post("/runs/a/resume", {})
    assert (code, "no checkpoint yet" in answer["error"]) == (409, True)


POINTS = "return JSON.parse(document.querySelector('.curve')?.dataset.points ?? '[]')"


def test_the_same_curve_in_a_browser_after_reload_restart_and_in_a_second_window(studio, training):
    training.write(1)
    training.write(2, arcface=2.0)
    browser = Browser()
    try:
        browser.open(f"http://127.0.0.1:{studio.port}/#a")
        browser.wait(f"{POINTS}.length === 2", 30)
        training.write(3, arcface=1.5)
        browser.wait(f"{POINTS}.length === 3", 30)
        curve = [[1, 2.5], [2, 2.0], [3, 1.5]]
        assert browser.run(POINTS) == curve
        browser.driver.refresh()
        browser.wait(f"{POINTS}.length === 3", 30)
        assert browser.run(POINTS) == curve
        studio.stop(signal.SIGKILL)
        training.write(4, arcface=1.25)
        studio.start()
        browser.wait(f"{POINTS}.length === 4", 60)
        assert browser.run(POINTS) == [*curve, [4, 1.25]]
        browser.driver.switch_to.new_window("window")
        browser.open(f"http://127.0.0.1:{studio.port}/#a")
        browser.wait(f"{POINTS}.length === 4", 30)
        assert browser.run("return document.getElementById('state').textContent") == "running"
        training.end(signal.SIGKILL)
        browser.wait("return document.getElementById('state').textContent === 'interrupted'", 15)
    finally:
        browser.close()


def test_a_port_that_is_taken_is_named(studio, tmp_path, capsys):
    assert main(["studio", "--runs", str(tmp_path), "--port", str(studio.port)]) == PublishError.exit_code
    assert f"port {studio.port} cannot be used" in capsys.readouterr().err
