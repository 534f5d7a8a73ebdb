"""The commands that the control socket takes while the daemon runs."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from edge.centering import Measure
from edge.errors import ConfigurationError, SourceError
from edge.pipeline.output import OutputStage
from edge.pipeline.selection import Selector
from edge.pipeline.stages import RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.service.learning import open_with_learned
from edge.service.loops import CaptureLoop, RecognitionLoop
from edge.service.snapshot import encoded, write_snapshot
from edge.settings.settings import Settings, settings_of
from edge.wire.commands import (
    NothingMore,
    PauseReply,
    ReloadReply,
    ReloadRequest,
    SnapshotReply,
    SnapshotRequest,
    StateReply,
    StatusReply,
)
from edge.wire.control import Command
from edge.wire.retained import Retained
from edge.wire.session import Session

_FIXED_SECTIONS = ("source", "camera", "imx500", "publish", "snapshot", "log")


class Administration:
    """Changes and inspects the running pipeline: what only looks is called by another thread than what works."""

    def __init__(  # noqa: PLR0913 (all that can be administered)
        self,
        settings: Settings,
        capture: CaptureLoop,
        tracker: Tracker,
        selector: Selector,
        recognition: tuple[RecognitionStage, RecognitionLoop],
        output: OutputStage,
        *,
        published: tuple[Session, Retained],
        measurer: Callable[[Settings], Measure | None],
    ) -> None:
        """Administer these parts, which were made from `settings`; `measurer` makes what measures cards."""
        self._settings = settings
        self._capture = capture
        self._tracker = tracker
        self._selector = selector
        self._recognition = recognition
        self._output = output
        self._session, self._published = published
        self._measurer = measurer

    @property
    def settings(self) -> Settings:
        """Those in use."""
        return self._settings

    def commands(self) -> dict[str, Command]:
        """Name -> what it does."""
        return {
            "status": self.status,
            "state": self.state,
            "reload": self.reload,
            "snapshot": self.snapshot,
            "pause": self.pause,
            "resume": self.resume,
        }

    def status(self, _request: NothingMore) -> StatusReply:
        """Whether the daemon is paused, its settings, and the newest health message."""
        return StatusReply(
            device=self._session.device,
            session=self._session.session,
            paused=self._capture.paused,
            settings=self._settings.model_dump(mode="json"),
            health=self._published.state().health,
        )

    def state(self, _request: NothingMore) -> StateReply:
        """What was published and still holds."""
        state = self._published.state()
        return StateReply(
            device=self._session.device,
            session=self._session.session,
            sequences=state.sequences,
            tracks=state.tracks,
            health=state.health,
        )

    def pause(self, _request: NothingMore) -> PauseReply:
        """Stop looking at frames."""
        self._capture.paused = True
        return PauseReply(paused=True)

    def resume(self, _request: NothingMore) -> PauseReply:
        """Look at frames again."""
        self._capture.paused = False
        return PauseReply(paused=False)

    def reload(self, request: ReloadRequest) -> ReloadReply:
        """Open the model and the card database anew, with changed settings where some are given.

        Frames are read on all the while; what is in use stays in use where the new one cannot be opened.

        Raises:
            ConfigurationError: if a setting is invalid, or needs a restart.
            ModelError, DatabaseError: if the model or the card database cannot be opened.
        """
        return self.use(changed_settings(self._settings, request.settings))

    def use(self, settings: Settings) -> ReloadReply:
        """Open the model and the card database of these settings, and use them and the settings from now on.

        Returns:
            Which model and database these are.

        Raises:
            ConfigurationError: if a setting differs that needs a restart, or the calibration cannot be read.
            ModelError, DatabaseError: if the model or the card database cannot be opened.
        """
        _check_fixed(_changed_keys(self._settings, settings))
        measure = self._measurer(settings)
        recognizer = open_with_learned(settings)
        stage, loop = self._recognition
        stage.swap(recognizer)
        loop.max_batch = settings.recognition.max_batch
        self._tracker.settings = settings.tracking
        self._selector.settings = settings.selection
        self._output.settings = settings.smoothing
        self._output.measure = measure
        self._settings = settings
        manifest = recognizer.database.manifest
        return ReloadReply(model_id=manifest.model_id, database=manifest.name, database_cards=manifest.cards)

    def snapshot(self, request: SnapshotRequest) -> SnapshotReply:
        """The newest frame, written to a new file in the folder of snapshots or as base64 in the reply.

        Raises:
            SourceError: if there is no frame yet.
            ConfigurationError: if the file cannot be written.
        """
        frame = self._capture.newest
        if frame is None:
            raise SourceError("there is no frame yet; try again in a moment")
        reply = SnapshotReply(frame_id=frame.frame_id, timestamp_ns=frame.timestamp_ns)
        if request.path is None:
            image = base64.b64encode(encoded(frame.image, request.format)).decode("ascii")
            return reply.model_copy(update={"format": request.format, "image": image})
        path = write_snapshot(self._settings.snapshot.place, request.path, frame.image)
        return reply.model_copy(update={"path": str(path)})


def changed_settings(settings: Settings, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
    """The settings with some keys replaced.

    Raises:
        ConfigurationError: if the outcome is invalid, or a section cannot change while the daemon runs.
    """
    _check_fixed([section for section in changes if section in _FIXED_SECTIONS])
    values = settings.model_dump()
    for section, entries in changes.items():
        values.setdefault(section, {}).update(entries)
    return settings_of(values)


def _changed_keys(present: Settings, wanted: Settings) -> list[str]:
    """The keys that differ and need a restart, as `section.key`."""
    return [
        f"{section}.{key}"
        for section in _FIXED_SECTIONS
        for key, value in getattr(wanted, section)
        if value != getattr(getattr(present, section), key)
    ]


def _check_fixed(changed: list[str]) -> None:
    if changed:
        raise ConfigurationError(f"{', '.join(changed)}: cannot be changed by reload; start the scanner again")
