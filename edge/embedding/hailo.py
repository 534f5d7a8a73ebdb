"""Runs an embedding model on a Hailo-8, and brings the device back when it is lost."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.embedding.base import Embed
from edge.embedding.hailo_session import HailoSession, import_hailo
from edge.errors import InferenceError, ModelError
from edge.geometry import Image
from edge.imaging.preprocessing import preprocess
from edge.manifests import ModelManifest, check_model_file, read_model_manifest

# physics: a device that was reset may be back at once; one that stays lost is tried once a minute.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
# numerics: of the first pause: beyond the longest one.
_MOST_DOUBLINGS = 10
# physics: sessions with buffers of a few MB.
_ABANDONED = 8

_log = logging.getLogger(__name__)

Verify = Callable[[Embed], None]
"""Tests a session that was just opened; raises ModelError where its model must not be used."""


class HailoEmbedder:
    """An `edge.embedding.base.Embedder` on HailoRT 4.20 or later."""

    def __init__(  # noqa: PLR0913 (two of them are clocks)
        self,
        model_path: Path,
        *,
        batch: int,
        timeout_ms: int,
        verify: Verify,
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Check the model's file against its manifest; `open` opens the device.

        Args:
            model_path: `<name>.hef`; its manifest is `<name>.json` in the same folder.
            batch: most cards in one run.
            timeout_ms: that one run may take.
            verify: tests every session before it is used.
            patience_s: how long `embed` tries to bring a lost device back before it fails.
            clock: monotonic, in seconds.
            sleep: waits so many seconds.

        Raises:
            ModelError: if the model or its manifest is missing or damaged, or HailoRT is not installed.
        """
        self._manifest = read_model_manifest(model_path.with_suffix(".json"))
        check_model_file(model_path, self._manifest)
        self._hailo = import_hailo()
        self._path = model_path
        self._batch = batch
        self._timeout_ms = timeout_ms
        self._verify = verify
        self._patience_s = patience_s
        self._clock = clock
        self._sleep = sleep
        self._in_use = threading.Lock()
        self._closed = False
        self._session: HailoSession | None = None
        self._failures = 0
        self._cause: str | None = None
        self._due_s = 0.0
        # The device may still write to the buffers of a session that was not released cleanly.
        self._abandoned: deque[HailoSession] = deque(maxlen=_ABANDONED)

    @property
    def manifest(self) -> ModelManifest:
        """What model this is."""
        return self._manifest

    def open(self) -> None:
        """Open the device and test the model on it.

        Raises:
            ModelError: if the model is not one for this device, or fails the test.
            InferenceError: if the device cannot be opened or fails.
        """
        with self._in_use:
            self._session = self._opened()

    def embed(self, cards: Sequence[Image]) -> NDArray[np.float32]:
        """Embed a batch of any size, as `edge.embedding.base.Embedder.embed` says."""
        if not cards:
            return np.empty((0, self._manifest.dimension), dtype=np.float32)
        pixels = self._pixels(cards)
        give_up_s = self._clock() + self._patience_s
        while True:
            try:
                with self._in_use:
                    return self._embed(pixels)
            except InferenceError:
                if self._closed or max(self._due_s, self._clock()) >= give_up_s:
                    raise
            self._sleep(max(0.0, self._due_s - self._clock()))

    def degraded(self) -> tuple[str, ...]:
        """A sentence while the device is lost."""
        cause = self._cause
        return () if cause is None else (f"nothing is recognised, because the Hailo is lost: {cause}",)

    def close(self) -> None:
        """Release the device. Safe to call twice."""
        self._closed = True
        with self._in_use:
            self._release()

    def _embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self._closed:
            raise InferenceError(f"the model {self._manifest.model_id} has been closed; open it again")
        try:
            if self._session is None:
                self._session = self._reopened()
            embeddings = normalised(self._session.run(pixels), self._manifest)
        except InferenceError as cause:
            self._lose(cause)
            raise
        self._failures, self._cause = 0, None
        return embeddings

    def _opened(self) -> HailoSession:
        session = HailoSession(self._hailo, self._path, self._manifest, batch=self._batch, timeout_ms=self._timeout_ms)
        try:
            self._verify(lambda cards: normalised(session.run(self._pixels(cards)), self._manifest))
        except (InferenceError, ModelError):
            self._put_away(session)
            raise
        return session

    def _reopened(self) -> HailoSession:
        if self._clock() < self._due_s:
            raise InferenceError(f"the Hailo is lost, and tried again from time to time: {self._cause}")
        try:
            session = self._opened()
        except ModelError as cause:
            raise InferenceError(f"the Hailo came back, but must not be used: {cause}") from cause
        _log.warning("the Hailo is back after %d failures", self._failures)
        return session

    def _lose(self, cause: InferenceError) -> None:
        """Release the device, and decide when it is tried again; nothing changes while that time has not come."""
        if self._session is None and self._clock() < self._due_s:
            return
        self._release()
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        self._cause = str(cause)
        self._due_s = self._clock() + pause_s
        _log.warning("the Hailo is lost, tried again in %.1f s: %s", pause_s, cause)

    def _release(self) -> None:
        if self._session is not None:
            self._put_away(self._session)
        self._session = None

    def _put_away(self, session: HailoSession) -> None:
        if not session.close():
            self._abandoned.append(session)

    def _pixels(self, cards: Sequence[Image]) -> NDArray[np.uint8]:
        """The device takes channels last and whole numbers; averaged pixels are whole numbers already."""
        device_layout = self._manifest.preprocessing.model_copy(update={"layout": "NHWC"})
        return preprocess(cards, device_layout).astype(np.uint8)


def normalised(outputs: NDArray[np.float32], manifest: ModelManifest) -> NDArray[np.float32]:
    """Rows of length 1.

    Raises:
        InferenceError: if a row is not finite or has no length.
    """
    if not np.isfinite(outputs).all():
        raise InferenceError(f"the Hailo gave an embedding of {manifest.model_id} that is not finite")
    norms = np.linalg.norm(outputs.astype(np.float64), axis=1, keepdims=True)
    if norms.min() <= 0:
        raise InferenceError(f"the Hailo gave an embedding of {manifest.model_id} that is all zeros")
    return np.asarray(outputs / norms, dtype=np.float32)
