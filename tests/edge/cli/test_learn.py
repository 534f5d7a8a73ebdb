"""`card-scanner learn` against a control socket with the real commands."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import zmq

from edge.database.learned_folder import LearnedFolder
from edge.pipeline.smoothing import Verdict
from edge.pipeline.stages import RecognitionStage
from edge.recognition.learning import View
from edge.service.learning import Learning, open_with_learned
from edge.settings.sections import RecognitionSettings
from edge.settings.settings import Settings
from edge.wire.control import ControlSocket
from edge.wire.messages import TrackState
from tests.edge.database.learned import picture
from tests.edge.service.test_daemon import free_ports
from training.data.card_folder import survey_folder
from training.data.card_list import read_card_list


@pytest.fixture
def learned(tiny_database, tmp_path, monkeypatch):
    """A scanner in front of which an unknown card lies; gives the folder of learned cards."""
    recognition = RecognitionSettings(
        model=tiny_database.model, database=tiny_database.database, learned=tmp_path / "learned"
    )
    settings = Settings(recognition=recognition)
    stage = RecognitionStage(open_with_learned(settings))
    stage.views = SimpleNamespace(of=lambda _: [View(card=picture(9), sharpness=1.0, shown_since=0)] * 3)
    output = SimpleNamespace(in_view=lambda: {3: Verdict(state=TrackState.UNKNOWN_CARD)})
    endpoint = f"tcp://127.0.0.1:{free_ports(1)[0]}"
    monkeypatch.setenv("CARD_SCANNER_PUBLISH__CONTROL", endpoint)
    stop = threading.Event()
    with zmq.Context() as context:
        control = ControlSocket(context, endpoint, Learning(stage, output, lambda: settings).commands())
        loops = [
            threading.Thread(target=lambda step=step: [step() for _ in iter(stop.is_set, True)])
            for step in (control.step, control.work)
        ]
        for loop in loops:
            loop.start()
        yield LearnedFolder(recognition.learned)
        stop.set()
        for loop in loops:
            loop.join()
        control.close()


def test_a_card_is_learned_listed_exported_and_removed(scanner, learned, tmp_path):
    assert "no card is learned" in scanner("learn", "--list").out
    said = scanner("learn", "Nidoran ♂", "--track", 3).out
    (card,) = learned.read().cards
    assert said.strip() == f"learned: Nidoran ♂ ({card.card_id})"
    assert scanner("learn", "Again").complaint.startswith(f"the card looks like Nidoran ♂ ({card.card_id})")
    assert scanner("learn", "--list").out.split()[::2] == [card.card_id, "Nidoran"]
    folder = tmp_path / "export"
    assert scanner("learn", "--export", folder).code == 0
    found = survey_folder(folder, read_card_list(folder / "cards.json"))
    assert [(image.card_id, image.variant) for image in found.images] == [(card.card_id, number) for number in range(3)]
    assert found.metadata[card.card_id] == card.details
    assert found.findings.titled() == {}
    assert np.abs(found.images[0].load().astype(int) - picture(9))[100:-100].mean() < 6
    assert "is there already and not empty" in scanner("learn", "--export", folder).complaint
    assert scanner("learn", "--remove", card.card_id).out.strip() == f"{card.card_id} is forgotten"
    assert "no card 'learned-" in scanner("learn", "--remove", card.card_id).complaint


def test_what_is_torn_is_listed(scanner, learned):
    scanner("learn", "Mossy Drake")
    (card,) = learned.read().cards
    (learned.path / card.card_id / "print.webp").write_bytes(b"torn")
    assert "print.webp is torn" in scanner("learn", "--export", learned.path.with_name("export")).complaint


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["a\u202eb"], 2, "learn: name: must hold no characters that are unseen"),
        (["--list", "--track", "3"], 2, "--track goes with the NAME"),
        (["name", "--list"], 2, "not allowed with argument"),
        ([], 2, "required"),
        (["name", "--track", "x"], 2, "'x' is not the number of a track"),
    ],
)
def test_what_is_wrong_is_one_sentence(scanner, learned, arguments, code, said):
    outcome = scanner("learn", *arguments)
    assert (outcome.code, said in outcome.complaint) == (code, True), outcome.err
