"""The page in a real browser, before a real scanner that looks at one photo."""

import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
import zmq

from edge.wire.preview import PREVIEW, decode_preview
from tests.edge.page.browser import Browser, until
from tests.edge.page.conftest import PageProcess, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
SHOWN = "return document.querySelector('.stage canvas')?.dataset.key"
COMPLAINT = "return document.getElementById('complaint')?.textContent ?? ''"
# Where each outline is drawn, in pixels of the frame, by what the browser has laid out; and which picture is shown.
DRAWN = """
const canvas = document.querySelector('.stage canvas');
const box = canvas.getBoundingClientRect();
const svg = document.querySelector('.stage svg');
const frame = svg.viewBox.baseVal;
return {key: canvas.dataset.key, outlines: [...svg.querySelectorAll('polygon')].map((each) => ({
  track: Number(each.dataset.track),
  corners: [...each.points].map((point) => {
    const placed = point.matrixTransform(each.getScreenCTM());
    return [(placed.x - box.x) / box.width * frame.width, (placed.y - box.y) / box.height * frame.height];
  })}))};
"""


class Bench:
    """A scanner that looks at photos of the first card, its page, and a browser before it."""

    def __init__(self, folder, tiny_database, table, browser: Browser | None, shifts: tuple[int, ...] = (0,)) -> None:
        """Shift the card to the right by so many pixels, from one photo to the next."""
        (folder / "photos").mkdir()
        self.card_id = next(iter(tiny_database.cards))
        photo = table(tiny_database.cards[self.card_id])
        for number, shift in enumerate(shifts):
            cv2.imwrite(str(folder / "photos" / f"{number}.png"), np.roll(photo, shift, axis=1))
        self.results, self.control = free_ports(2)
        self._environment = os.environ | {
            "CARD_SCANNER_PUBLISH__ENDPOINT": f"tcp://127.0.0.1:{self.results}",
            "CARD_SCANNER_PUBLISH__CONTROL": f"tcp://127.0.0.1:{self.control}",
            "CARD_SCANNER_SOURCE__LOOP": "true",
            "CARD_SCANNER_RECOGNITION__MODEL": str(tiny_database.model),
            "CARD_SCANNER_RECOGNITION__DATABASE": str(tiny_database.database),
            "CARD_SCANNER_LOG__PATH": str(folder / "card-scanner/log/scans.db"),
        }
        self._source = f"images:{folder / 'photos'}"
        self.browser = browser
        self.start_scanner()
        self.page = PageProcess(folder, self.results, self.control)
        self.context = zmq.Context()

    def start_scanner(self) -> None:
        self.scanner = subprocess.Popen(
            [sys.executable, "-m", "edge.cli", "run", "--source", self._source],
            env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill_scanner(self) -> None:
        self.scanner.kill()
        self.scanner.wait()

    def ask(self, command: str) -> dict:
        with self.context.socket(zmq.REQ) as client:
            client.setsockopt(zmq.LINGER, 0)
            client.setsockopt(zmq.RCVTIMEO, 20_000)
            client.connect(f"tcp://127.0.0.1:{self.control}")
            client.send(json.dumps({"command": command}).encode())
            return client.recv_json()

    def pictures(self, count: int) -> dict[str, dict]:
        """The messages of so many pictures, by the name that the page gives them."""
        found = {}
        with self.context.socket(zmq.SUB) as socket:
            socket.setsockopt(zmq.RCVTIMEO, 20_000)
            socket.connect(self.ask("preview")["endpoint"])
            socket.subscribe(PREVIEW)
            for _ in range(count):
                message, _ = decode_preview(socket.recv_multipart())
                found[f"{message.session}-{message.frame_id}"] = message
        return found

    def close(self) -> None:
        if self.browser is not None:
            self.browser.close()
        self.page.stop()
        self.kill_scanner()
        self.context.destroy(linger=0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory, tiny_database, table):
    bench = Bench(tmp_path_factory.mktemp("browser"), tiny_database, table, Browser())
    yield bench
    bench.close()


@pytest.fixture
def moving_bench(tmp_path, tiny_database, table):
    bench = Bench(tmp_path, tiny_database, table, Browser(), shifts=(-200, -100, 0, 100, 200))
    yield bench
    bench.close()


def test_the_first_load_is_quick_small_and_asks_nobody_else(bench):
    until(lambda: bench.ask("status").get("health"), 60, "the scanner's first message")
    bench.browser.open(bench.page.address)
    _, after_s = bench.browser.wait(SHOWN, 10)
    assert after_s < 3
    bench.browser.wait(f"return document.querySelector('.card h2')?.textContent === 'Card {bench.card_id}'", 30)
    bench.browser.run("window.test = 'not loaded anew'")
    responses = bench.browser.received()
    own = urlsplit(bench.page.address).netloc
    assert {urlsplit(url).netloc for url, _, _ in responses if not url.startswith("data:")} == {own}
    assert [(url, status) for url, status, _ in responses if status >= 400] == []
    assert sum(size for url, _, size in responses if "/frame" not in url and "/card/" not in url) < 250_000
    assert bench.browser.complaints() == []


def compared(bench) -> int:
    """Compare outlines with the messages of the very frames that they are drawn on; how many frames those were."""
    bench.browser.open(bench.page.address)
    bench.browser.wait(SHOWN, 10)
    messages, drawn = {}, []
    for _ in range(4):
        drawn.append(bench.browser.run(DRAWN))
        messages |= bench.pictures(6)
        drawn.append(bench.browser.run(DRAWN))
    known = [each for each in drawn if each["key"] in messages]
    for each in known:
        cards = messages[each["key"]].cards
        assert [outline["track"] for outline in each["outlines"]] == [card.track_id for card in cards]
        for outline, card in zip(each["outlines"], cards, strict=True):
            assert np.abs(np.array(outline["corners"]) - np.array(card.corners)).max() < 1
    return len({each["key"] for each in known})


def test_outlines_are_drawn_where_that_very_frames_message_says(bench):
    assert compared(bench) > 0


@pytest.mark.long
def test_outlines_of_a_card_that_moves_are_those_of_the_frame_that_is_shown(moving_bench):
    until(lambda: moving_bench.ask("status").get("health"), 60, "the scanner's first message")
    assert sum(compared(moving_bench) for _ in range(5)) > 5


def test_a_verdict_is_on_the_page_soon_after_its_message(bench):
    """The quickest of some: on a machine that is busy with other tests, each is late now and then."""
    bench.browser.open(bench.page.address)
    bench.browser.wait(SHOWN, 10)
    delays_s = [1.0]
    with bench.context.socket(zmq.SUB) as socket:
        socket.setsockopt(zmq.RCVTIMEO, 30_000)
        socket.connect(f"tcp://127.0.0.1:{bench.results}")
        socket.subscribe(b"card.confirmed")
        track = json.loads(socket.recv_multipart()[1])["track_id"]
        while min(delays_s) >= 0.3 and len(delays_s) < 8:
            bench.ask("pause")
            time.sleep(0.3)
            bench.ask("resume")
            before = track
            while (track := json.loads(socket.recv_multipart()[1])["track_id"]) <= before:
                pass
            shown = f"return document.querySelector('.card.state-confirmed[data-track=\"{track}\"]')"
            delays_s.append(bench.browser.wait(shown, 5)[1])
    assert min(delays_s) < 0.3


def test_the_card_under_the_camera_is_in_the_log_and_its_picture_is_taken_for_measuring(bench):
    (row, *_), _ = until(lambda: bench.page.get("/scans")["rows"], 30, "the card's row")
    assert row["card_id"] == bench.card_id
    track = bench.ask("state")["tracks"][0]["track_id"]
    path = f"/scans/{row['session']}/{row['scan']}/front"
    taken = bench.page.tell(f"{path}/camera", json.dumps({"track": track}))
    (left, top), (right, _), _, _ = taken["outer"]
    assert left == pytest.approx(top, abs=0.6)
    assert (right - left) / 63 == pytest.approx(left / 6, rel=0.05)
    assert bench.page.ask("GET", f"{path}/picture")[2][:2] == b"\xff\xd8"


def test_a_scanner_that_is_killed_is_missed_and_found_again_without_loading_anew(bench):
    bench.browser.open(bench.page.address)
    bench.browser.wait(f"return ({SHOWN[7:]}) && !document.getElementById('complaint')", 10)
    bench.browser.run("window.test = 'the same page'")
    bench.kill_scanner()
    said, after_s = bench.browser.wait(COMPLAINT, 10)
    assert "stopped talking" in said
    assert after_s < 3
    bench.start_scanner()
    until(lambda: bench.ask("status").get("health"), 60, "the scanner's first message")
    _, after_s = bench.browser.wait(f"return ({SHOWN[7:]}) && !document.getElementById('complaint')", 10)
    assert after_s < 5
    assert bench.browser.run("return window.test") == "the same page"


def test_a_page_that_is_killed_is_missed_and_found_again_without_loading_anew(bench):
    bench.browser.open(bench.page.address)
    bench.browser.wait(f"return ({SHOWN[7:]}) && !document.getElementById('complaint')", 10)
    bench.browser.run("window.test = 'the same page'")
    bench.page.stop(signal.SIGKILL)
    said, after_s = bench.browser.wait(COMPLAINT, 10)
    assert "does not answer" in said
    assert after_s < 3
    bench.page.start()
    _, after_s = bench.browser.wait("return !document.getElementById('complaint')", 10)
    assert after_s < 5
    assert bench.browser.run("return window.test") == "the same page"


def test_another_device_signs_in_with_the_set_up_code(bench):
    browser = bench.browser
    browser.received()
    browser.complaints()
    elsewhere = f"http://scanner.lan:{bench.page.port}/"
    browser.open(elsewhere)
    browser.wait("return document.getElementById('password')", 5)
    assert browser.run("return location.pathname") == "/login"
    browser.run("document.getElementById('first').open = true")
    browser.driver.find_element("id", "password").send_keys("long enough")
    browser.driver.find_element("id", "code").send_keys(bench.page.command("code").split()[0])
    browser.driver.find_element("css selector", "button").click()
    browser.wait(SHOWN, 10)
    assert browser.run("return location.href") == elsewhere
    assert browser.run("return document.cookie") == ""
    assert [url for url, status, _ in browser.received() if status >= 400] == []
    assert [each for each in browser.complaints() if "recommendation" not in each and "[DOM]" not in each] == []


def test_everything_is_reached_by_keyboard(bench):
    bench.browser.open(bench.page.address)
    bench.browser.wait("return document.querySelector('.card h2')?.textContent.startsWith('Card ')", 30)
    for key, shown in (
        ("c", ".candidates li"), ("e", ".more"), ("2", ".health .chart"), ("3", ".setup li"), ("1", ".log .row"),
    ):  # fmt: skip
        bench.browser.press(key)
        bench.browser.wait(f"return document.querySelector('{shown}')", 5)
    bench.browser.press("m")
    bench.browser.wait("return document.querySelector('.mute').getAttribute('aria-pressed') === 'true'", 5)
