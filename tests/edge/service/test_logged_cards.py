"""The real daemon keeps a log: what it publishes as confirmed is in it, once for each physical card."""

import random
import resource
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing

import cv2
import numpy as np
import pytest

from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.edge.conftest import write_thumbnail_model, write_tiny_database
from tests.edge.service.test_daemon import running

pytestmark = pytest.mark.e2e

FPS = 10
SHOWN, GONE = 8, 7
"""Frames: enough for a verdict, and longer than a card that is hidden is held (0.5 s)."""


def write_video(path, pictures, fps=FPS):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (800, 600))
    for picture in pictures:
        writer.write(picture)
    writer.release()


def turnover(table, cards, rounds=1):
    """Each card lies there for a while; between two the table is empty."""
    empty = np.full((600, 800, 3), (60, 110, 60), np.uint8)
    drawn = [table(card) for card in cards]
    for _ in range(rounds):
        for picture in drawn:
            yield from SHOWN * [picture]
            yield from GONE * [empty]


def settings(database, video, log, *, loop=False):
    return f'{database.toml()}[source]\nspec = "video:{video}"\nloop = {str(loop).lower()}\n[log]\npath = "{log}"\n'


def read(log, query):
    with closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def confirmed(daemon):
    return [m for m in daemon.messages if m.topic == "card.confirmed"]


def until_ended(daemon, timeout_s=60.0):
    daemon.listen(lambda m: m.topic == "health" and not m.threads["output"].alive, timeout_s)
    assert daemon.process.wait(5) == 0


def kill(daemon, count, pause_s):
    """A while after so many cards were confirmed; what was on its way then is heard."""
    daemon.listen(lambda _: len(confirmed(daemon)) >= count, 60)
    time.sleep(pause_s)
    daemon.process.send_signal(signal.SIGKILL)
    with pytest.raises(AssertionError, match="waited in vain"):
        daemon.listen(lambda _: False, 0.5)


def test_three_cards_are_three_rows(tmp_path, tiny_database, table):
    cards = dict(list(tiny_database.cards.items())[:3])
    write_video(tmp_path / "a.avi", turnover(table, cards.values()))
    log = tmp_path / "log" / "scans.db"
    with running(tmp_path, settings(tiny_database, tmp_path / "a.avi", log)) as daemon:
        until_ended(daemon)
        published = [(m.session, m.track_id, m.card_id) for m in confirmed(daemon)]
        stages = [m.stages for m in daemon.messages if m.topic == "health"]
    logged = read(
        log, "SELECT track.session, track_id, card_id FROM scan JOIN track ON track.scan = scan.id ORDER BY id"
    )
    assert logged == published
    assert [card for _, _, card in logged] == list(cards)
    assert read(log, "SELECT count(*) FROM picture") == [(3,)]
    assert read(log, "SELECT count(*) FROM track WHERE left_at IS NULL") == [(0,)]
    assert any("log" in each for each in stages)


@pytest.fixture(scope="module")
def thirty(tmp_path_factory):
    """A database of thirty cards."""
    folder = tmp_path_factory.mktemp("thirty")
    model = folder / "thumbnail.onnx"
    write_thumbnail_model(model)
    specs = [spec for spec in demo_cards() if spec.lookalike_of is None][:30]
    cards = {s.card_id: cv2.resize(render_card(s, 8.0), (RECTIFIED_WIDTH, RECTIFIED_HEIGHT)) for s in specs}
    write_tiny_database(folder / "database", model, cards)
    toml = f'[recognition]\nmodel = "{model}"\ndatabase = "{folder / "database"}"\n'
    return toml, cards


@pytest.mark.long
def test_thirty_cards_a_repeat_and_a_return_are_31_rows(tmp_path, thirty, table):
    toml, cards = thirty
    pictures = list(turnover(table, cards.values()))
    names = list(cards)
    again, covered = table(cards[names[4]]), table(cards[names[29]])
    hand = np.full((600, 800, 3), (120, 160, 210), np.uint8)
    # The last card is covered by a hand for longer than it is held, and is there again; then another copy of the fifth.
    pictures = pictures[:-GONE] + GONE * [hand] + SHOWN * [covered] + GONE * [hand] + SHOWN * [again]
    write_video(tmp_path / "a.avi", pictures)
    log = tmp_path / "scans.db"
    config = f'{toml}[source]\nspec = "video:{tmp_path / "a.avi"}"\n[log]\npath = "{log}"\n'
    with running(tmp_path, config) as daemon:
        until_ended(daemon, 150)
        assert sum(m.returned is not None for m in confirmed(daemon)) == 1
    counted = Counter(card for (card,) in read(log, "SELECT card_id FROM scan"))
    assert counted == Counter(names) + Counter([names[4]])
    assert sum(counted.values()) == 31


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_card_that_lies_still_for_five_minutes_is_one_row(tmp_path, tiny_database, table):
    fps = 1
    picture = table(next(iter(tiny_database.cards.values())))
    noise = np.random.default_rng(0).integers(-3, 4, (8, *picture.shape))
    shown = [np.clip(picture + each, 0, 255).astype(np.uint8) for each in noise]
    write_video(tmp_path / "a.avi", (shown[k % 8] for k in range(300 * fps)), fps)
    log = tmp_path / "scans.db"
    with running(tmp_path, settings(tiny_database, tmp_path / "a.avi", log)) as daemon:
        until_ended(daemon, 500)
    assert read(log, "SELECT card_id FROM scan") == [(next(iter(tiny_database.cards)),)]


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_killed_again_and_again_every_published_confirmation_is_one_row(tmp_path, tiny_database, table):
    write_video(tmp_path / "a.avi", turnover(table, tiny_database.cards.values()))
    log, published, kills = tmp_path / "scans.db", set(), 100
    chance = random.Random(0)
    for _ in range(kills):
        with running(tmp_path, settings(tiny_database, tmp_path / "a.avi", log, loop=True)) as daemon:
            kill(daemon, chance.randint(1, 4), chance.uniform(0, 0.3))
            published |= {(m.session, m.track_id, m.card_id) for m in confirmed(daemon)}
    rows = read(log, "SELECT track.session, track_id, card_id FROM scan JOIN track ON track.scan = scan.id")
    assert published <= set(rows)
    assert len(rows) == len(set(rows))
    assert len(set(rows) - published) <= kills  # committed, and killed before it was published
    assert read(log, "SELECT count(*) FROM scan WHERE id NOT IN (SELECT scan FROM track)") == [(0,)]
    assert read(log, "SELECT count(*) FROM scan WHERE id NOT IN (SELECT scan FROM picture)") == [(0,)]
    assert read(log, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.long
def test_a_card_that_lies_there_while_the_scanner_is_killed_is_one_row(tmp_path):
    log = tmp_path / "scans.db"
    config = f'[source]\nspec = "demo:resting"\n[log]\npath = "{log}"\n'
    for _ in range(10):
        with running(tmp_path, config) as daemon:
            daemon.listen(lambda m: m.topic == "card.confirmed", 60)
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait(5)
    assert read(log, "SELECT count(*) FROM scan") == [(1,)]
    assert read(log, "SELECT count(*) FROM track WHERE left_at IS NULL") == [(1,)]
    assert read(log, "SELECT count(*) FROM session") == [(10,)]


@pytest.mark.long
def test_on_a_full_disk_scanning_goes_on_and_health_says_so(tmp_path, tiny_database, table):
    """A limit on the size of the daemon's files in place of a full disk."""
    write_video(tmp_path / "a.avi", turnover(table, tiny_database.cards.values()))
    log = tmp_path / "scans.db"
    with running(tmp_path, settings(tiny_database, tmp_path / "a.avi", log, loop=True)) as daemon:
        daemon.listen(lambda m: m.topic == "card.confirmed")
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (16384, hard))
        said = daemon.listen(lambda m: m.topic == "health" and any("cannot be written" in s for s in m.degraded), 60)
        assert said.status == "degraded"
        missed = daemon.listen(lambda m: m.topic == "card.confirmed", 60)
        later = daemon.listen(lambda m: m.topic == "health" and m.frames_captured > said.frames_captured + 10, 60)
        assert all(thread.alive and thread.restarts == 0 for thread in later.threads.values())
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        daemon.listen(
            lambda m: m.topic == "card.confirmed" and not any("cannot be written" in s for s in m.degraded), 60
        )
        sessions = read(log, "SELECT track_id FROM track")
        assert (missed.track_id,) not in sessions
        assert daemon.log().count("cannot be written") <= 2  # one a minute
    assert read(log, "PRAGMA integrity_check") == [("ok",)]
