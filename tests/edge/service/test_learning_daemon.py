"""A card is learned from the simulated bench by the real daemon, over its sockets."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import EMBEDDINGS_FILE, read_metadata, read_rows
from edge.database.hashes import HASHES_FILE
from edge.database.search import CardDatabase
from edge.manifests import read_model_manifest
from edge.shipped import DEMO_DATABASE, EMBEDDING_MODEL
from edge.simulator.bench import Bench
from edge.simulator.script import Scenario
from tests.edge.service.test_daemon import running

pytestmark = pytest.mark.e2e


def bundle_without(card_id: str, folder: Path) -> Path:
    """A tenth of the demo database, calibration and all, without that card and its look-alikes."""
    model = read_model_manifest(EMBEDDING_MODEL.with_suffix(".json"))
    demo = CardDatabase.open(DEMO_DATABASE, model)
    others = [each for each in demo.card_ids if each not in demo.alike(card_id)]
    known = read_metadata(DEMO_DATABASE)
    metadata = {each: known[each] for each in others[::10]}
    rows = read_rows(DEMO_DATABASE)
    kept = [number for number, row in enumerate(rows) if row.card_id in metadata]
    cards_upright = [row.card_id for row in rows if row.rotation == 0]
    upright = [number for number, each in enumerate(cards_upright) if each in metadata]
    gallery = Gallery(
        name="lacking",
        model=model,
        embeddings=np.load(DEMO_DATABASE / EMBEDDINGS_FILE)[kept],
        rows=[rows[number] for number in kept],
        metadata=metadata,
        calibration=demo.manifest.calibration,
        hashes=np.load(DEMO_DATABASE / HASHES_FILE)[upright] if (DEMO_DATABASE / HASHES_FILE).exists() else (),
        prints={each: demo.print_reference(each) for each in metadata},
    )
    write_bundle(folder, gallery)
    return folder


def learned_in_time(daemon, name: str) -> dict:
    """The reply to `learn`, once there are three sharp views."""
    deadline = time.monotonic() + 10
    while not (reply := daemon.ask(command="learn", name=name))["ok"] and time.monotonic() < deadline:
        assert "sharp views" in reply["error"]
        time.sleep(0.2)
    assert reply["ok"], reply
    return reply


def test_an_unknown_card_is_learned_known_after_a_restart_and_forgotten(tmp_path):
    (shown,) = Bench(seed=0, scenario=Scenario.RESTING).truth(0).cards
    database = bundle_without(shown.card_id, tmp_path / "database")
    recognition = {"database": str(database), "learned": str(tmp_path / "learned")}
    sections = {
        "recognition": recognition,
        "source": {"spec": "demo:resting", "fps": 15.0},
        "selection": {"cache_age_frames": 5},
        "smoothing": {"doubt_frames": 5},
    }
    config = "".join(
        f"[{section}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entries.items())
        for section, entries in sections.items()
    )
    with running(tmp_path, config) as daemon:
        daemon.listen(lambda m: m.topic == "card.unknown")
        assert daemon.ask(command="learn", name=" ")["code"] == "request"
        reply = learned_in_time(daemon, "Mossy  Drake")
        card_id = reply["card"]["card_id"]
        confirmed = daemon.listen(lambda m: m.topic == "card.confirmed")
        assert (confirmed.card_id, confirmed.track_id) == (card_id, reply["track_id"])
        assert (confirmed.card.name, confirmed.card.set_code) == ("Mossy Drake", "learned")
        assert confirmed.probability > 0.9
        assert daemon.ask(command="learn", name="Again")["error"].endswith(f"known already: Mossy Drake ({card_id})")
    with running(tmp_path, config) as daemon:
        assert daemon.listen(lambda m: m.topic == "card.confirmed").card_id == card_id
        assert daemon.listen(lambda m: m.topic == "health" and m.sequence > 1).learned_cards == 1
        listed = daemon.ask(command="learned")
        assert [card["card_id"] for card in listed["cards"]] == [card_id]
        assert len(daemon.ask(command="learned", card_id=card_id)["cards"][0]["views"]) == 3
        assert daemon.ask(command="forget", card_id=card_id)["ok"]
        unknown = daemon.listen(lambda m: m.topic == "card.unknown")
        assert unknown.card_id is None
        assert daemon.ask(command="forget", card_id=card_id)["error"].startswith(f"no card '{card_id}' is learned")
