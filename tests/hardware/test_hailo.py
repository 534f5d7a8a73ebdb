import json
import logging
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.embedding.fallback import FallbackEmbedder
from edge.embedding.hailo import FIRST_PAUSE_S, LONGEST_PAUSE_S, HailoEmbedder
from edge.embedding.hailo_session import GROUP
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError, InferenceError, InferenceTimeoutError, ModelError, ModelMismatchError
from edge.health import Degradable
from edge.recognition.opening import open_recognizer
from edge.recognition.selftest import check_golden, load_golden


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embedder(npu, clock):
    made = []

    def make(**changes) -> HailoEmbedder:
        wanted = {"batch": 5, "timeout_ms": 2000, "verify": lambda _embed: None, "patience_s": 0.0} | changes
        made.append(HailoEmbedder(npu.hef, **wanted, clock=clock, sleep=clock.sleep))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("count", [0, 1, 5, 8, 13])
def test_batches_of_any_size_are_the_float_models_embeddings(npu, embedder, count):
    cards = [npu.cards[n % 8] for n in range(count)]
    embeddings = embedder().embed(cards)
    assert embeddings.shape == (count, 420)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    expected = OnnxEmbedder(npu.onnx).embed(cards)
    assert np.all(np.sum(embeddings * expected, axis=1) > 0.99)
    assert sum(npu.device.runs) == count
    assert all(run <= 5 for run in npu.device.runs)


def test_the_model_is_configured_once_and_its_buffers_used_again(npu, embedder):
    hailo = embedder()
    for _ in range(4):
        hailo.embed(npu.cards)
    assert (npu.device.opened, npu.device.configured, npu.device.bindings) == (1, 1, 5)
    assert npu.device.formats["in"].name == "UINT8"
    assert npu.device.formats["out"].name == "FLOAT32"
    assert npu.device.params.scheduling_algorithm.name == "ROUND_ROBIN"


def test_no_more_is_queued_than_the_device_takes(npu, embedder):
    npu.device.queue = 2
    assert len(embedder().embed(npu.cards)) == 8
    assert npu.device.runs == [2, 2, 2, 2]


def test_what_the_device_did_not_write_is_no_result(npu, embedder):
    npu.device.compute = lambda _pixels: np.full(420, np.nan)
    with pytest.raises(InferenceError, match="not finite"):
        embedder().embed(npu.cards)
    npu.device.compute = lambda _pixels: np.zeros(420)
    with pytest.raises(InferenceError, match="all zeros"):
        embedder().embed(npu.cards)


def test_a_device_that_has_never_written_anything_is_no_result(npu, embedder):
    """The binding copies a buffer of its own over the caller's; an older result in it could not be told from a new."""
    npu.device.writes = False
    with pytest.raises(InferenceError, match="all zeros"):
        embedder().embed(npu.cards)


def test_a_device_that_hangs_is_left_in_time_and_cannot_spoil_what_follows(npu, embedder, clock):
    hailo = embedder(timeout_ms=200)
    before = hailo.embed(npu.cards)
    honest = npu.device.compute

    given_up = threading.Event()

    def hanging(pixels: np.ndarray) -> np.ndarray:
        assert given_up.wait(20)
        return np.full(420, 7.0)

    npu.device.compute = hanging
    with pytest.raises(InferenceTimeoutError, match="did not answer in time"):
        hailo.embed(npu.cards[:2])
    given_up.set()
    assert npu.device.waits_ms[-1] == 100
    npu.device.compute = honest
    clock.now_s += FIRST_PAUSE_S
    for _ in range(10):
        np.testing.assert_array_equal(hailo.embed(npu.cards), before)
        time.sleep(0.1)


@pytest.mark.parametrize("stage", ["ready", "start", "job", "callback"])
def test_after_a_failed_run_the_device_is_opened_anew(npu, embedder, clock, stage):
    hailo = embedder()
    before = hailo.embed(npu.cards)
    npu.device.faults[stage] = ["HailoRTTimeout" if stage in ("ready", "job") else "HAILO_STREAM_ABORT"
                                if stage == "start" else "HAILO_INTERNAL_FAILURE"]  # fmt: skip
    with pytest.raises(InferenceTimeoutError if stage in ("ready", "job") else InferenceError):
        hailo.embed(npu.cards)
    assert npu.device.released == npu.device.opened == 1
    assert npu.device.shutdowns == 0
    clock.now_s += FIRST_PAUSE_S
    np.testing.assert_array_equal(hailo.embed(npu.cards), before)
    assert (npu.device.opened, npu.device.configured, npu.device.bindings) == (2, 2, 10)


def test_a_lost_device_is_tried_again_ever_more_rarely(npu, embedder, clock):
    hailo = embedder()
    hailo.embed(npu.cards)
    npu.device.present = False
    attempts = []
    card = npu.cards[:1]
    for _ in range(1000):
        npu.device.faults["open"] = [None]
        with pytest.raises(InferenceError):
            hailo.embed(card)
        if not npu.device.faults["open"]:
            attempts.append(clock.now_s)
        clock.now_s += 0.25
    pauses = np.diff(attempts)
    assert pauses[0] == pytest.approx(2 * FIRST_PAUSE_S, abs=0.3)
    assert np.all(np.diff(pauses) > -0.3)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE_S, abs=0.3)
    assert "because the Hailo is lost" in hailo.degraded()[0]
    npu.device.present = True
    clock.now_s += LONGEST_PAUSE_S
    assert len(hailo.embed(npu.cards)) == 8
    assert hailo.degraded() == ()


def test_with_patience_a_device_that_returns_loses_nothing(npu, embedder, clock):
    hailo = embedder(patience_s=15.0)
    before = hailo.embed(npu.cards)
    npu.device.faults = {"job": ["HAILO_DRIVER_TIMEOUT"], "open": ["HAILO_OUT_OF_PHYSICAL_DEVICES"] * 3}
    np.testing.assert_array_equal(hailo.embed(npu.cards), before)
    assert 0 < clock.now_s <= 15
    npu.device.faults = {"job": ["HAILO_DRIVER_TIMEOUT"], "open": ["HAILO_OUT_OF_PHYSICAL_DEVICES"] * 30}
    started_s = clock.now_s
    with pytest.raises(InferenceError, match="no Hailo device answers|is lost"):
        hailo.embed(npu.cards)
    assert clock.now_s - started_s <= 15


def test_a_model_that_changed_while_the_device_was_lost_is_not_used(npu, embedder, clock):
    hailo = embedder(verify=lambda embed: check_golden(
        embed, load_golden(npu.database), model=npu.hef, least_cosine=0.98, runs=2))  # fmt: skip
    hailo.open()
    honest, npu.device.compute = npu.device.compute, lambda pixels: honest(pixels)[::-1]
    npu.device.faults["job"] = ["HAILO_DRIVER_TIMEOUT"]
    for _ in range(2):
        with pytest.raises(InferenceError):
            hailo.embed(npu.cards)
        clock.now_s += 60
    with pytest.raises(InferenceError, match="must not be used.*cosine to the float model"):
        hailo.embed(npu.cards)
    npu.device.compute = honest
    clock.now_s += 60
    assert len(hailo.embed(npu.cards)) == 8


@pytest.mark.parametrize(
    ("stage", "name", "error", "said"),
    [
        ("load", "HailoRTInvalidHEFException", ModelError, "damaged"),
        ("configure", "HAILO_INVALID_DEVICE_ARCHITECTURE", ModelError, "compile it for hailo8"),
        ("load", "HAILO_OPEN_FILE_FAILURE", ModelError, "cannot be opened"),
        ("open", "HAILO_DEVICE_IN_USE", InferenceError, "lsof /dev/hailo0"),
        ("open", "HAILO_OUT_OF_PHYSICAL_DEVICES", InferenceError, "lspci"),
        ("open", "HAILO_INVALID_DRIVER_VERSION", InferenceError, "--reinstall hailo-all"),
        (
            "open",
            "HAILO_DRIVER_OPERATION_FAILED",
            InferenceError,
            "refused: may this user use /dev/hailo0",
        ),
        ("open", "HailoRTDriverOperationFailedException", InferenceError, "force_desc_page_size=4096"),
        ("open", "HailoRTTimeout", InferenceTimeoutError, "did not answer in time"),
        ("open", "HAILO_INTERNAL_FAILURE", InferenceError, "hailort.log"),
    ],
)
def test_what_is_wrong_is_explained(npu, embedder, stage, name, error, said):
    npu.device.faults[stage] = [name]
    with pytest.raises(error, match=said) as raised:
        embedder().open()
    assert isinstance(raised.value, ModelError) is (error is ModelError)
    assert str(npu.hef) in str(raised.value)
    assert npu.device.opened == npu.device.released


@pytest.mark.parametrize("hailo_version", ["4.23.0"], indirect=True)
@pytest.mark.parametrize("name", ["HailoRTHEFNotCompatibleWithDevice", "HAILO_HEF_NOT_COMPATIBLE_WITH_DEVICE"])
def test_a_model_for_another_chip_is_explained(npu, embedder, name):
    npu.device.faults["configure"] = [name]
    with pytest.raises(ModelError, match="another chip; compile it for hailo8"):
        embedder().open()


def test_a_model_of_other_shapes_than_its_manifest_is_refused(npu, embedder):
    npu.device.input_shape = (160, 224, 3)
    with pytest.raises(ModelError, match=r"\(160, 224, 3\).*\(224, 160, 3\)"):
        embedder().open()
    npu.device.input_shape, npu.device.output_shape = (224, 160, 3), (1000,)
    with pytest.raises(ModelError, match="1000.*420"):
        embedder().open()
    assert npu.device.opened == npu.device.released


def test_without_the_library_the_package_is_named(npu, embedder, monkeypatch):
    monkeypatch.setitem(sys.modules, "hailo_platform", None)
    with pytest.raises(ModelError, match="apt install dkms hailo-all"):
        embedder()


def test_a_damaged_model_is_refused(npu, embedder):
    npu.hef.write_bytes(b"other")
    with pytest.raises(ModelError, match="damaged"):
        embedder()


def test_the_database_must_be_of_the_float_model(npu):
    entries = json.loads(npu.hef.with_suffix(".json").read_text())
    for key, value in (("float_sha256", "0" * 64), ("model_id", "other"), ("dimension", 421)):
        npu.hef.with_suffix(".json").write_text(json.dumps(entries | {key: value}))
        with pytest.raises(ModelMismatchError, match="built with another"):
            open_recognizer(npu.settings())
    npu.hef.with_suffix(".json").write_text(json.dumps(entries | {"preprocessing": {"width": 224, "height": 224}}))
    with pytest.raises(ModelMismatchError, match="preprocessing"):
        open_recognizer(npu.settings())


def test_a_sound_model_is_tested_and_recognises(npu, caplog):
    caplog.set_level(logging.INFO)
    recognizer = open_recognizer(npu.settings())
    assert [answer.matches[0].card_id for answer in recognizer.recognize(npu.cards)] == [f"t-{n}" for n in range(8)]
    assert "self-test of" in caplog.text
    assert "8 golden crops, 3 runs" in caplog.text
    recognizer.close()
    assert npu.device.opened == npu.device.released


def test_another_model_can_be_opened_while_one_is_in_use(npu):
    first = open_recognizer(npu.settings())
    second = open_recognizer(npu.settings())
    first.close()
    assert len(second.recognize(npu.cards)) == 8
    assert npu.device.params.group_id == GROUP
    second.close()


def test_a_model_that_disagrees_with_the_float_model_is_refused_with_the_figures(npu):
    honest, rng = npu.device.compute, np.random.default_rng(0)
    noise = rng.normal(0, 0.25, 420)
    npu.device.compute = lambda pixels: honest(pixels) + noise
    with pytest.raises(ModelError, match=r"cosine to the float model 0\.\d{4} to 0\.\d{4}.*at least 0.98 is needed"):
        open_recognizer(npu.settings())
    with pytest.raises(ModelError, match="not those of the float model"):
        open_recognizer(npu.settings(fallback_model=npu.onnx))
    assert npu.device.opened == npu.device.released
    open_recognizer(npu.settings(npu_min_cosine=0.2)).close()


def test_a_model_that_disagrees_with_itself_is_refused(npu):
    honest, rng = npu.device.compute, np.random.default_rng(0)
    npu.device.compute = lambda pixels: honest(pixels) + rng.normal(0, 0.02, 420)
    with pytest.raises(ModelError, match=r"differently from run to run.*to itself at least 0\.9"):
        open_recognizer(npu.settings())


def test_a_device_that_mixes_up_a_batch_is_refused(npu):
    honest, order = npu.device.compute, []

    def mixed_up(pixels: np.ndarray) -> np.ndarray:
        order.append(honest(pixels))
        return order[-2] if len(order) % 5 == 0 else order[-1]

    npu.device.compute = mixed_up
    with pytest.raises(ModelError, match="run to run"):
        open_recognizer(npu.settings())


def test_a_result_that_depends_on_the_place_in_the_batch_is_refused(npu):
    """Close enough to the float model, and the same in every run of the same order."""
    honest, noise, calls = npu.device.compute, np.random.default_rng(0).normal(0, 0.02, 420), []

    def place_dependent(pixels: np.ndarray) -> np.ndarray:
        calls.append(1)
        return honest(pixels) + (noise if len(calls) % 8 == 1 else 0)

    npu.device.compute = place_dependent
    with pytest.raises(ModelError, match="differently from run to run"):
        open_recognizer(npu.settings(npu_test_runs=2))


def test_a_database_without_golden_crops_cannot_be_used_with_an_accelerator(tiny_database, npu):
    entries = json.loads(npu.hef.with_suffix(".json").read_text())
    float_sha256 = json.loads(tiny_database.model.with_suffix(".json").read_text())["sha256"]
    npu.hef.with_suffix(".json").write_text(json.dumps(entries | {"float_sha256": float_sha256}))
    with pytest.raises(DatabaseError, match="no golden crops.*card-training index"):
        open_recognizer(npu.settings().model_copy(update={"database": tiny_database.database}))


def test_a_lost_device_is_replaced_by_the_float_model_and_said(npu):
    recognizer = open_recognizer(npu.settings(fallback_model=npu.onnx))
    embedder = recognizer.embedder
    assert isinstance(embedder, FallbackEmbedder)
    assert isinstance(embedder, Degradable)
    embedder.embed(npu.cards)
    assert embedder.degraded() == ()
    npu.device.present = False
    embeddings = embedder.embed(npu.cards)
    np.testing.assert_allclose(embeddings, OnnxEmbedder(npu.onnx).embed(npu.cards), atol=1e-6)
    for _ in range(2):
        (sentence,) = embedder.degraded()
        assert "embedding on the CPU, because" in sentence
        assert "HAILO_STREAM_ABORT" in sentence
        embedder.embed(npu.cards)
    npu.device.present = True
    time.sleep(FIRST_PAUSE_S + 0.05)
    embedder.embed(npu.cards)
    assert embedder.degraded() == ()
    recognizer.close()


def test_without_a_device_at_start_the_fallback_serves(npu):
    npu.device.present = False
    with pytest.raises(InferenceError, match="no Hailo device answers"):
        open_recognizer(npu.settings())
    recognizer = open_recognizer(npu.settings(fallback_model=npu.onnx))
    (sentence,) = recognizer.embedder.degraded()
    assert sentence.startswith("embedding on the CPU, because")
    assert "no Hailo device answers" in sentence
    assert recognizer.recognize(npu.cards)[3].matches[0].card_id == "t-3"
    assert recognizer.embedder.degraded()
    recognizer.close()


def test_the_fallback_must_be_the_same_model(npu):
    hailo = HailoEmbedder(npu.hef, batch=1, timeout_ms=100, verify=lambda _embed: None, patience_s=0)
    other = SimpleNamespace(manifest=OnnxEmbedder(npu.onnx).manifest.model_copy(update={"sha256": "1" * 64}))
    with pytest.raises(ModelError, match="not the float model"):
        FallbackEmbedder(hailo, other)


def test_a_closed_embedder_says_so(npu, embedder):
    hailo = embedder()
    hailo.embed(npu.cards)
    hailo.close()
    hailo.close()
    with pytest.raises(InferenceError, match="closed"):
        hailo.embed(npu.cards)


def test_the_golden_crops_come_with_the_bundle(npu):
    golden = load_golden(npu.database)
    assert len(golden.cards) == 8
    np.testing.assert_allclose(OnnxEmbedder(npu.onnx).embed(golden.cards), golden.embeddings, atol=1e-6)
    manifest = CardDatabase.open(npu.database, OnnxEmbedder(npu.onnx).manifest).manifest
    assert {"golden.json", "golden/0.png"} <= set(manifest.files)
