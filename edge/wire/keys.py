"""Keys of the scanner and of the programs that may connect from other machines (CURVE, rfc.zeromq.org/spec/26)."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import zmq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import ConfigurationError
from edge.files.regular_files import read_utf8

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# The group, which is the service's, may read what lies in the folder.
_FOLDER_MODE, _FILE_MODE, _PRIVATE_MODE = 0o750, 0o640, 0o600
_SUFFIX = ".json"
OWN = "server"

T = TypeVar("T", bound="_Key")


class _Key(BaseModel):
    """Keys are 32 bytes in Z85 (rfc.zeromq.org/spec/32)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_key: str = Field(min_length=40, max_length=40)


class ServerKey(_Key):
    """The scanner's own."""

    secret_key: str = Field(min_length=40, max_length=40)


class RegisteredClient(_Key):
    """What the scanner keeps of a program that may connect."""

    made_at: str = Field(description="UTC, ISO 8601")


class ClientKey(ServerKey):
    """What a program needs to connect: its own keys, and the scanner's public one, by which it knows the scanner."""

    name: str
    server_key: str = Field(min_length=40, max_length=40)


class KeyFolder:
    """The scanner's keys, and one file for each program that may connect."""

    def __init__(self, folder: Path) -> None:
        """Look into that folder, which need not be there yet."""
        self.folder = folder
        self._clients = folder / "clients"
        self._server = folder / f"{OWN}{_SUFFIX}"

    def server(self) -> ServerKey:
        """The scanner's keys.

        Raises:
            ConfigurationError: if there are none, or they cannot be read.
        """
        if not self._server.exists():
            raise ConfigurationError(f"there are no keys in {self.folder}; 'card-scanner keys make NAME' makes some")
        return _read(self._server, ServerKey)

    def own(self) -> ClientKey:
        """A key for whoever may read the scanner's own; raises as `server` does."""
        server = self.server()
        return ClientKey(
            name=OWN, public_key=server.public_key, secret_key=server.secret_key, server_key=server.public_key
        )

    def clients(self) -> dict[str, RegisteredClient]:
        """Name -> what is kept of each program that may connect.

        Raises:
            ConfigurationError: if one cannot be read.
        """
        return {path.stem: _read(path, RegisteredClient) for path in sorted(self._clients.glob(f"*{_SUFFIX}"))}

    def version(self) -> int:
        """A number that changes when a program is added or revoked."""
        try:
            return self._clients.stat().st_mtime_ns
        except OSError:
            return 0

    def make(self, name: str, output: Path) -> ClientKey:
        """Write a new key for a program, and the scanner's own where there are none yet.

        Args:
            name: of the program.
            output: new file that the program is to have.

        Raises:
            ConfigurationError: if the name is none, or taken, or a file cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no name for a key; use letters, digits, '.', '_' and '-'")
        path = self._clients / f"{name}{_SUFFIX}"
        if path.exists():
            raise ConfigurationError(f"there is a key named {name} already; revoke it first, or choose another name")
        try:
            self._clients.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as cause:
            raise ConfigurationError(f"{self._clients} cannot be made: {cause.strerror}; use sudo") from cause
        if not self._server.exists():
            _write_new(self._server, _new_pair(), _FILE_MODE)
        pair = _new_pair()
        key = ClientKey(name=name, server_key=self.server().public_key, **pair.model_dump())
        _write_new(output, key, _PRIVATE_MODE)
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        _write_new(path, RegisteredClient(public_key=pair.public_key, made_at=made_at), _FILE_MODE)
        return key

    def revoke(self, name: str) -> None:
        """Let a program connect no longer.

        Raises:
            ConfigurationError: if there is no such key, or it cannot be removed.
        """
        known = ", ".join(self.clients()) or "none"
        if name not in self.clients():
            raise ConfigurationError(f"there is no key named {name}; there are: {known}")
        try:
            (self._clients / f"{name}{_SUFFIX}").unlink()
        except OSError as cause:
            raise ConfigurationError(f"the key {name} cannot be removed: {cause.strerror}; use sudo") from cause


def read_client_key(path: Path) -> ClientKey:
    """The key that `card-scanner keys make` wrote for a program.

    Raises:
        ConfigurationError: if it is none, or cannot be read.
    """
    return _read(path, ClientKey)


def _new_pair() -> ServerKey:
    public, secret = zmq.curve_keypair()
    return ServerKey(public_key=public.decode(), secret_key=secret.decode())


def _read(path: Path, kind: type[T]) -> T:
    try:
        return kind.model_validate_json(read_utf8(path))
    except OSError as cause:
        raise ConfigurationError(f"the key {path} cannot be read: {cause.strerror}") from cause
    except ValidationError as cause:
        raise ConfigurationError(f"{path} is no key that 'card-scanner keys make' wrote; make another") from cause


def _write_new(path: Path, key: _Key, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(json.dumps(key.model_dump(), indent=1) + "\n")
    except OSError as cause:
        raise ConfigurationError(f"{path} cannot be written: {cause.strerror}") from cause
