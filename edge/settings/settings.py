"""The daemon's settings: one TOML file, environment overrides, validated once at start."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from edge.errors import ConfigurationError
from edge.files.regular_files import read_utf8
from edge.settings.allowed_values import what_is_allowed
from edge.settings.former_keys import with_present_keys
from edge.settings.sections import (
    CameraSettings,
    CenteringSettings,
    Imx500Settings,
    LogSettings,
    MqttSettings,
    PageSettings,
    PublishSettings,
    RecognitionSettings,
    SelectionSettings,
    SmoothingSettings,
    SnapshotSettings,
    SourceSettings,
    TrackingSettings,
)
from edge.settings.validation import what_is_wrong
from edge.settings.values import Section

ENVIRONMENT_PREFIX = "CARD_SCANNER_"


class Settings(Section):
    """Everything that can be set."""

    source: SourceSettings = SourceSettings()
    camera: CameraSettings = CameraSettings()
    imx500: Imx500Settings = Imx500Settings()
    tracking: TrackingSettings = TrackingSettings()
    selection: SelectionSettings = SelectionSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    smoothing: SmoothingSettings = SmoothingSettings()
    centering: CenteringSettings = CenteringSettings()
    publish: PublishSettings = PublishSettings()
    page: PageSettings = PageSettings()
    mqtt: MqttSettings = MqttSettings()
    snapshot: SnapshotSettings = SnapshotSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="before")
    @classmethod
    def _without_former_keys(cls, values: Any) -> Any:  # noqa: ANN401 (whatever was given)
        return with_present_keys(values)

    @model_validator(mode="after")
    def _sockets_differ(self) -> "Settings":
        if self.publish.endpoint == self.publish.control:
            raise ValueError("publish.endpoint and publish.control must differ")
        return self

    @model_validator(mode="after")
    def _exposure_fits_the_frame_rate(self) -> "Settings":
        slowest = self.camera.min_fps or self.source.fps
        if slowest > self.source.fps:
            raise ValueError("camera.min_fps must not exceed source.fps")
        if self.camera.exposure_us is not None and self.camera.exposure_us > 1e6 / slowest:
            raise ValueError(f"camera.exposure_us must fit in a frame, {1e6 / slowest:.0f} us at {slowest:g} frames/s")
        return self


def load_settings(
    path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Read the settings: defaults, then the file, then the environment, then the command line's overrides.

    An environment variable `CARD_SCANNER_<SECTION>__<KEY>` sets that key.

    Raises:
        ConfigurationError: naming the file or variable, the key and what is allowed.
    """
    values: dict[str, dict[str, Any]] = {}
    if path is not None:
        values = _read_toml(path)
    for name, value in environment.items():
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if name.startswith(ENVIRONMENT_PREFIX) and separator:
            values.setdefault(section, {})[key] = value
    for section, entries in (overrides or {}).items():
        values.setdefault(section, {}).update(entries)
    return settings_of(values, f"{path}: " if path else "")


def settings_of(values: Mapping[str, Mapping[str, Any]], origin: str = "") -> Settings:
    """The settings of these sections, the others being left at their defaults.

    Raises:
        ConfigurationError: beginning with `origin`, naming the section or key and what is allowed.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as cause:
        first = cause.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        if first["type"] == "extra_forbidden":
            wrong = f"there is no such {'section' if len(first['loc']) == 1 else 'key'}"
        else:
            wrong = f"{what_is_wrong(first)} (got {first['input']!r})"
        allowed = what_is_allowed(Settings, first["loc"])
        raise ConfigurationError(f"{origin}{key}: {wrong}{allowed and '; ' + allowed}") from cause


def _read_toml(path: Path) -> dict[str, dict[str, Any]]:
    try:
        values = tomllib.loads(read_utf8(path).decode())
    except OSError as cause:
        raise ConfigurationError(f"cannot read the configuration {path}: {cause.strerror}") from cause
    except (ValueError, RecursionError) as cause:  # also of an integer of thousands of digits
        raise ConfigurationError(f"{path} is not valid TOML: {cause}") from cause
    for section, entries in values.items():
        if not isinstance(entries, dict):
            raise ConfigurationError(f"{path}: {section} must stand in a section, such as [source]")
    return values
