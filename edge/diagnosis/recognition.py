"""Checks of what recognises cards: the networks, the card database, and both together on a built-in picture."""

from contextlib import closing
from pathlib import Path

from edge.client import Control
from edge.database.bundle import open_manifest, read_golden
from edge.database.learned_folder import LearnedFolder
from edge.database.search import CardDatabase, Match
from edge.detection import CardDetector
from edge.diagnosis.finding import Finding, State
from edge.diagnosis.hardware import Check, wants_npu
from edge.diagnosis.machine import Machine
from edge.diagnosis.picture import card_on_table
from edge.diagnosis.software import running_scanner
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError, ModelError, ScannerError
from edge.files.paths import state_folder
from edge.geometry import Image
from edge.imaging.rectification import rectify
from edge.manifests import UNCALIBRATED, ModelManifest, check_model_file, read_model_manifest
from edge.recognition.opening import open_recognizer
from edge.recognition.recognition import Recognition
from edge.recognition.recognizer import Recognizer
from edge.recognition.selftest import load_golden
from edge.settings.settings import Settings
from edge.shipped import OUTLINE_MODEL, SIDE_MODEL
from edge.wire.commands import LearnedReply

_ANSWER_S = 1.0
_AGAIN = "install the program again: sudo systemd/install.sh, or pip install in its folder"


def check_detector(_settings: Settings, _machine: Machine) -> Finding:
    """Do the networks that find cards open?"""
    try:
        CardDetector()
    except ModelError as failure:
        return _finding("detector", State.FAILURE, str(failure), _AGAIN)
    return _finding("detector", State.OK, f"{OUTLINE_MODEL.name} and {SIDE_MODEL.name} open")


def check_model(settings: Settings, _machine: Machine) -> Finding:
    """Does the embedding model open, and the one that stands in for it?"""
    path, fallback = settings.recognition.model, settings.recognition.fallback_model
    try:
        manifest = _opened(path)
        if fallback is not None:
            _opened(fallback)
    except ModelError as failure:
        restore = "copy the file and its manifest again, or set recognition.model"
        return _finding("model", State.FAILURE, str(failure), restore)
    return _finding("model", State.OK, f"{manifest.model_id}, {manifest.dimension} dimensions, in {path}")


def check_database(settings: Settings, _machine: Machine) -> Finding:
    """Is the card database here, undamaged, and built with this model?"""
    path = settings.recognition.database
    try:
        model = _sound_model(settings.recognition.model)
    except ModelError:
        sentence = f"{path}: cannot be judged without its model"
        return _finding("database", State.FAILURE, sentence, "mend the model first")
    try:
        manifest = open_manifest(path, model)
    except DatabaseError as failure:
        install = "sudo card-scanner database install FOLDER, or 'sudo card-scanner database rollback'"
        return _finding("database", State.FAILURE, str(failure), install)
    sentence = f"{manifest.name}, {manifest.cards} cards, in {path}"
    if manifest.calibration is None:
        return _finding("database", State.WARNING, sentence, UNCALIBRATED)
    return _finding("database", State.OK, sentence)


def check_learned(settings: Settings, _machine: Machine) -> Finding:
    """Can the cards that were learned on the spot be used? The scanner that runs knows; else its folder is read."""
    try:
        with Control(settings.publish.control.replace("*", "127.0.0.1"), _ANSWER_S) as control:
            reply = control.ask(LearnedReply, "learned")
        count, faults, folder = len(reply.cards), reply.faults, reply.folder
    except ScannerError:
        path = settings.recognition.learned or state_folder("learned")
        try:
            kept = LearnedFolder(path).read()
        except DatabaseError as failure:
            return _finding("learned cards", State.WARNING, str(failure), "set recognition.learned")
        count, faults, folder = len(kept.cards), dict(kept.faults), str(path)
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        return _finding("learned cards", State.WARNING, f"{next(iter(faults.values()))}{more}", "remove what is torn")
    if not count:
        return _finding("learned cards", State.UNUSED, f"none, in {folder}")
    return _finding("learned cards", State.OK, f"{count}, in {folder}")


def check_recognition(settings: Settings, _machine: Machine) -> Finding:
    """Is a card of the database recognised in a picture, by all parts together?"""
    if wants_npu(settings) and running_scanner(settings.publish) is not None:
        return _finding("recognition", State.UNUSED, "not tried: the running scanner has the accelerator")
    try:
        return _tried(settings)
    except ScannerError as failure:
        return _finding("recognition", State.FAILURE, str(failure), "mend what failed above")


def _tried(settings: Settings) -> Finding:
    detector = CardDetector()
    with closing(open_recognizer(settings.recognition)) as recognizer:
        database = recognizer.database
        if not read_golden(database.path):
            rebuild = "build the database again with 'card-training index'"
            return _finding("recognition", State.WARNING, f"{database.path} holds no pictures to try it on", rebuild)
        golden = load_golden(database.path)
        for card, known in zip(golden.cards, database.search(golden.embeddings, 1), strict=True):
            for answer in _answers(detector, recognizer, card):
                settled = answer.sure or database.manifest.calibration is None
                if settled and answer.card_id == known[0].card_id:
                    return _finding("recognition", State.OK, _recognized(database, answer.matches[0]))
    sentence = f"none of {len(golden.cards)} pictures of cards in {database.path} is recognised"
    return _finding("recognition", State.FAILURE, sentence, _AGAIN)


def _answers(detector: CardDetector, recognizer: Recognizer, card: Image) -> list[Recognition]:
    """What a picture of a card on a table is taken for."""
    photo = card_on_table(card)
    return recognizer.recognize([rectify(photo, detection.quad) for detection in detector.detect(photo)])


def _recognized(database: CardDatabase, match: Match) -> str:
    return f"a picture of {database.details(match.card_id).name} ({match.card_id}) at distance {match.distance:.3f}"


def _opened(path: Path) -> ModelManifest:
    """The manifest of a model that opens; one for the accelerator is only compared with its manifest."""
    if path.suffix == ".hef":
        return _sound_model(path)
    with closing(OnnxEmbedder(path)) as embedder:
        return embedder.manifest


def _sound_model(path: Path) -> ModelManifest:
    manifest = read_model_manifest(path.with_suffix(".json"))
    check_model_file(path, manifest)
    return manifest


def _finding(subject: str, state: State, sentence: str, remedy: str = "") -> Finding:
    return Finding(subject=subject, state=state, sentence=sentence, remedy=remedy)


RECOGNITION_CHECKS: tuple[Check, ...] = (check_model, check_detector, check_database, check_learned, check_recognition)
