"""The commands that the control socket takes while the daemon runs."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from edge.centering import Measure
from edge.errors import ConfigurationError, SourceError
from edge.pipeline.selection import Selector
from edge.pipeline.stages import OutputStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.recognizer import open_recognizer
from edge.service.loops import CaptureLoop, RecognitionLoop
from edge.service.snapshot import default_folder, encoded, write_snapshot
from edge.settings.settings import Settings, settings_of
from edge.wire.control import Command, Request
from edge.wire.messages import HealthMessage

_FIXED_SECTIONS = ("source", "camera", "imx500", "publish", "snapshot")


class NothingMore(Request):
    """A command that takes nothing besides its name."""


class ReloadRequest(Request):
    """What `reload` takes."""

    settings: dict[str, dict[str, Any]] = Field(default={}, description="section -> key -> new value")


class SnapshotRequest(Request):
    """What `snapshot` takes."""

    path: Path | None = Field(default=None, description="new file, .png or .jpg; unset: the reply carries it")
    format: Literal["png", "jpg"] = Field(default="jpg", description="of the image that the reply carries")


class Administration:
    """Changes and inspects the running pipeline; called by the control thread."""

    def __init__(  # noqa: PLR0913 (all that can be administered)
        self,
        settings: Settings,
        capture: CaptureLoop,
        tracker: Tracker,
        selector: Selector,
        recognition: tuple[RecognitionStage, RecognitionLoop],
        output: OutputStage,
        *,
        measurer: Callable[[Settings], Measure | None],
    ) -> None:
        """Administer these parts, which were made from `settings`; `measurer` makes what measures cards."""
        self.health: HealthMessage | None = None
        self._settings = settings
        self._capture = capture
        self._tracker = tracker
        self._selector = selector
        self._recognition = recognition
        self._output = output
        self._measurer = measurer

    def commands(self) -> dict[str, Command]:
        """Name -> what it does."""
        return {
            "status": self.status,
            "reload": self.reload,
            "snapshot": self.snapshot,
            "pause": self.pause,
            "resume": self.resume,
        }

    def status(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the daemon is paused, its settings, and the newest health message (null before the first)."""
        NothingMore.model_validate(fields)
        return {
            "paused": self._capture.paused,
            "settings": self._settings.model_dump(mode="json"),
            "health": None if self.health is None else self.health.model_dump(mode="json"),
        }

    def pause(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Stop looking at frames."""
        NothingMore.model_validate(fields)
        self._capture.paused = True
        return {"paused": True}

    def resume(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Look at frames again."""
        NothingMore.model_validate(fields)
        self._capture.paused = False
        return {"paused": False}

    def reload(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Open the model and the card database anew, with changed settings where some are given.

        Frames are read on all the while; what is in use stays in use where the new one cannot be opened.

        Raises:
            ConfigurationError: if a setting is invalid, or needs a restart.
            ModelError, DatabaseError: if the model or the card database cannot be opened.
        """
        return self.use(changed_settings(self._settings, ReloadRequest.model_validate(fields).settings))

    def use(self, settings: Settings) -> dict[str, Any]:
        """Open the model and the card database of these settings, and use them and the settings from now on.

        Returns:
            Which model and database these are.

        Raises:
            ConfigurationError: if a setting differs that needs a restart, or the calibration cannot be read.
            ModelError, DatabaseError: if the model or the card database cannot be opened.
        """
        _check_fixed(_changed_keys(self._settings, settings))
        measure = self._measurer(settings)
        recognizer = open_recognizer(settings.recognition)
        stage, loop = self._recognition
        stage.swap(recognizer)
        loop.max_batch = settings.recognition.max_batch
        self._tracker.settings = settings.tracking
        self._selector.settings = settings.selection
        self._output.settings = settings.smoothing
        self._output.measure = measure
        self._settings = settings
        manifest = recognizer.database.manifest
        return {"model_id": manifest.model_id, "database": manifest.name, "database_cards": manifest.cards}

    def snapshot(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The newest frame, written to a new file in the folder of snapshots or as base64 in the reply.

        Raises:
            SourceError: if there is no frame yet.
            ConfigurationError: if the file cannot be written.
        """
        request = SnapshotRequest.model_validate(fields)
        frame = self._capture.newest
        if frame is None:
            raise SourceError("there is no frame yet; try again in a moment")
        reply: dict[str, Any] = {"frame_id": frame.frame_id, "timestamp_ns": frame.timestamp_ns}
        if request.path is None:
            image = base64.b64encode(encoded(frame.image, request.format)).decode("ascii")
            return reply | {"format": request.format, "image": image}
        folder = self._settings.snapshot.folder or default_folder()
        return reply | {"path": str(write_snapshot(folder, request.path, frame.image))}


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
