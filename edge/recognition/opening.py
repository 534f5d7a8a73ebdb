"""Opens the model and the card database that the settings name; the accelerator once it has proven itself."""

import logging

from edge.database.search import CardDatabase
from edge.embedding.base import Embed, Embedder
from edge.embedding.fallback import FallbackEmbedder
from edge.embedding.hailo import HailoEmbedder
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import InferenceError
from edge.manifests import read_model_manifest
from edge.recognition.recognizer import Recognizer
from edge.recognition.selftest import check_golden, load_golden
from edge.recognition.verification import Verifier
from edge.settings.sections import RecognitionSettings

# physics: seconds that one batch may wait for a lost accelerator; well below what the supervisor takes for hanging.
PATIENCE_S = 15.0

_log = logging.getLogger(__name__)


def open_recognizer(settings: RecognitionSettings) -> Recognizer:
    """Open the model and the card database that the settings name, with the look-alike check.

    Raises:
        ModelError: if the model is missing, damaged, not one for the accelerator, or fails the accelerator's self-test.
        InferenceError: if the accelerator cannot be opened and no fallback model is configured.
        DatabaseError: if the database is missing, damaged, or (`ModelMismatchError`) was built with another model.
    """
    if settings.model.suffix == ".hef":
        manifest = read_model_manifest(settings.model.with_suffix(".json"))
        database = CardDatabase.open(settings.database, manifest)
        return Recognizer(_open_hailo(settings, database), database, Verifier(database), settings.matches)
    embedder = OnnxEmbedder(settings.model, settings.threads)
    database = CardDatabase.open(settings.database, embedder.manifest)
    return Recognizer(embedder, database, Verifier(database), settings.matches)


def _open_hailo(settings: RecognitionSettings, database: CardDatabase) -> Embedder:
    """Open the Hailo, tested with the database's golden crops, and the fallback model where one is configured."""
    fallback = OnnxEmbedder(settings.fallback_model, settings.threads) if settings.fallback_model else None
    golden = load_golden(database.path)

    def _verify(embed: Embed) -> None:
        check_golden(
            embed,
            golden,
            model=settings.model,
            least_cosine=settings.npu_min_cosine,
            runs=settings.npu_test_runs,
        )

    hailo = HailoEmbedder(
        settings.model,
        batch=settings.max_batch,
        timeout_ms=settings.npu_timeout_ms,
        verify=_verify,
        patience_s=0.0 if fallback else PATIENCE_S,
    )
    reason = None
    try:
        hailo.open()
    except InferenceError as cause:
        if fallback is None:
            raise
        _log.warning("starting without the accelerator: %s", cause)
        reason = str(cause)
    return hailo if fallback is None else FallbackEmbedder(hailo, fallback, reason)
