"""The page's password, set-up code and signed cookies, in one folder that only the page reads.

password.json   salt and scrypt hash of the password, and the key that cookies are signed with
code            a set-up code that may set the password; it is gone once it was used
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.errors import ConfigurationError
from edge.files.paths import state_folder

# OWASP Password Storage Cheat Sheet, scrypt: N = 2^14, r = 8, p = 5; 16 MiB while it is computed.
_SCRYPT = {"n": 2**14, "r": 8, "p": 5, "maxmem": 64 * 2**20}
_SHORTEST = 8
# chosen: longer is no password but an attempt to keep the processor busy.
_LONGEST = 256
_COOKIE_S = 30 * 86_400
# Without what is read wrongly, such as 0 and O; 12 of 31 are 59 bits.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_GROUPS = 3
_CODE_S = 3600.0


def page_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the page keeps its password: the service's state folder, or the user's."""
    service = Path("/var/lib/card-scanner/page")
    if "STATE_DIRECTORY" not in environment and os.geteuid() == 0 and service.is_dir():
        return service
    return state_folder("page", environment)


class Passwords:
    """Knows whether a password, a set-up code or a cookie is right."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        """Use that folder, which is made with the first file."""
        self._folder = folder
        self._now = now

    @property
    def is_set(self) -> bool:
        """Whether there is a password."""
        return self._stored() is not None

    def new_code(self) -> str:
        """Make a set-up code that may set the password for an hour; a former one is void.

        Raises:
            ConfigurationError: if it cannot be written.
        """
        groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_CODE_GROUPS))
        code = "-".join(groups)
        self._write("code", {"code": code, "until": self._now() + _CODE_S})
        return code

    def set_password(self, code: str, password: str) -> str | None:
        """Set the password with a set-up code, which ends every session; what is wrong, as a sentence, else None."""
        if not self._code_is_right(code):
            return "The set-up code is wrong or too old; 'sudo card-scanner page code' on the scanner shows a new one."
        if not _SHORTEST <= len(password) <= _LONGEST:
            return f"The password needs {_SHORTEST} to {_LONGEST} characters."
        salt = secrets.token_bytes(16)
        self._write(
            "password.json", {"salt": _text(salt), "hash": _text(_scrypt(password, salt)), "key": secrets.token_hex(32)}
        )
        (self._folder / "code").unlink(missing_ok=True)
        return None

    def is_right(self, password: str) -> bool:
        """Whether this is the password; takes a tenth of a second and 16 MB."""
        stored = self._stored()
        if stored is None or len(password) > _LONGEST:
            return False
        return hmac.compare_digest(_scrypt(password, _bytes(stored["salt"])), _bytes(stored["hash"]))

    def cookie(self) -> tuple[str, int]:
        """A new session's cookie, and for how many seconds it holds.

        Raises:
            ConfigurationError: if there is no password.
        """
        until = str(int(self._now()) + _COOKIE_S)
        return f"{until}.{self._signature(until)}", _COOKIE_S

    def token(self) -> str:
        """What a program shows instead of a password, as long as the password is not changed.

        Raises:
            ConfigurationError: if there is no password.
        """
        return self._signature("program")

    def holds(self, cookie: str) -> bool:
        """Whether a cookie is of this page and has not run out."""
        until, _, signature = cookie.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 16 and self.is_set):
            return False
        return hmac.compare_digest(signature.encode(), self._signature(until).encode()) and int(until) > self._now()

    def is_token(self, token: str) -> bool:
        """Whether this is the token of programs."""
        return self.is_set and hmac.compare_digest(token.encode(), self.token().encode())

    def _signature(self, text: str) -> str:
        stored = self._stored()
        if stored is None:
            raise ConfigurationError("the page has no password yet; open it in a browser and set one")
        return hmac.new(bytes.fromhex(stored["key"]), text.encode(), hashlib.sha256).hexdigest()

    def _code_is_right(self, code: str) -> bool:
        stored = self._read("code")
        given = "".join(letter for letter in code.upper() if letter in _LETTERS)
        if stored is None or float(stored["until"]) < self._now():
            return False
        return hmac.compare_digest(given.encode(), str(stored["code"]).replace("-", "").encode())

    def _stored(self) -> dict[str, str] | None:
        return self._read("password.json")

    def _read(self, name: str) -> dict[str, str] | None:
        try:
            content = json.loads((self._folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as cause:
            raise ConfigurationError(f"cannot read {self._folder / name}: {cause}; remove it to start anew") from cause
        return content if isinstance(content, dict) else None

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        """Replace a file in one step; it belongs to whom the folder does, so that root may write it for the service."""
        part = self._folder / f".{name}.{secrets.token_hex(4)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self._folder.stat()
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file)
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            part.replace(self._folder / name)
        except OSError as cause:
            part.unlink(missing_ok=True)
            raise ConfigurationError(f"cannot write {self._folder / name}: {cause.strerror}") from cause


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_SCRYPT)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
