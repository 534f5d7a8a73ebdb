"""What the values of settings may be."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

SOURCES = "demo, images:PATH, video:FILE, replay:FILE, v4l2:DEVICE, picamera or imx500"
_SOURCE = re.compile("demo(:.+)?|(images|video|replay|v4l2):.+|picamera|imx500")
_MQTT_TOPIC = re.compile("[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_PORT = re.compile("[0-9]{1,5}")


class Section(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _can_be_said(cls, value: object) -> object:
        """Names are put into messages, logs and system calls."""
        if isinstance(value, Path) and not value.name:
            raise ValueError("must not be empty or the root folder")
        if isinstance(value, str | Path) and "\0" in str(value):
            raise ValueError("must not hold a NUL character")
        if isinstance(value, str | Path) and str(value) != str(value).encode(errors="replace").decode():
            raise ValueError("must be UTF-8; rename the file or folder")
        return value


def _endpoint(value: str) -> str:
    transport, _, address = value.partition("://")
    host, _, port = address.rpartition(":")
    if transport == "tcp" and host and (port == "*" or (_PORT.fullmatch(port) and 0 < int(port) <= 65_535)):
        return value
    if transport in ("ipc", "inproc") and address and not address.startswith("@"):
        return value
    raise ValueError("must be such as tcp://127.0.0.1:5556, with a port from 1 to 65535, or ipc:///run/scanner")


def _source(value: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise ValueError(f"must be {SOURCES}")
    return value


def _mqtt_topic(value: str) -> str:
    if not _MQTT_TOPIC.fullmatch(value):
        raise ValueError("must be letters, digits, - and _, with / between levels, such as shop/scanner")
    return value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Source = Annotated[str, AfterValidator(_source)]
MqttTopic = Annotated[str, AfterValidator(_mqtt_topic)]
