"""Which scanner this is, among several."""

import hashlib
import hmac
import socket
import uuid
from pathlib import Path

# As sd_id128_get_machine_app_specific(3) wants it: made once for this program, so that the machine's id stays secret.
_APPLICATION = uuid.UUID("5b0c5f6a-2d3e-4b55-9a0e-6f1c1b0d8a42")
_MACHINE_ID = Path("/etc/machine-id")
_HEX_DIGITS = 12


def device_id(named: str | None, machine_id: Path = _MACHINE_ID) -> str:
    """The name of this scanner in every message.

    Args:
        named: by the settings; None makes it from the machine's id, so that it stays the same on this machine, or where
            a machine has none, as a container may, from its host name.
        machine_id: the file that holds it (machine-id(5)).
    """
    if named is not None:
        return named
    try:
        machine = machine_id.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = ""
    if not machine:
        return socket.gethostname() or "scanner"
    return hmac.new(machine.encode(), _APPLICATION.bytes, hashlib.sha256).hexdigest()[:_HEX_DIGITS]
