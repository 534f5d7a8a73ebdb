"""Checks of the disk, the log, the ports, who may connect to them, and the clock."""

import json
import shutil
import time
from pathlib import Path

import zmq

from edge.diagnosis.finding import Finding, State
from edge.diagnosis.hardware import Check
from edge.diagnosis.machine import Machine
from edge.errors import ConfigurationError, StoreError
from edge.log.reading import extent
from edge.settings.sections import PublishSettings
from edge.settings.settings import Settings
from edge.wire.access import is_local, show_key
from edge.wire.ipc import is_held
from edge.wire.keys import KeyFolder

_LOW_MB, _FULL_MB = 500, 50
_ANSWER_MS = 1000
_NEARLY_FULL = 0.9


def check_disk(settings: Settings, machine: Machine) -> Finding:
    """Is there room?"""
    database = settings.recognition.database.absolute()
    folder = next(path for path in (database, *database.parents) if path.is_dir())
    free_mb = {path: shutil.disk_usage(path).free / 1e6 for path in (machine.root, folder)}
    path, least_mb = min(free_mb.items(), key=lambda item: item[1])
    state = State.FAILURE if least_mb < _FULL_MB else State.WARNING if least_mb < _LOW_MB else State.OK
    tidy = "" if state is State.OK else "sudo journalctl --vacuum-size=100M; sudo apt clean"
    return _finding("disk", state, f"{least_mb / 1000:.1f} GB free at {path}", tidy)


def check_log(settings: Settings, _machine: Machine) -> Finding:
    """Can the log of scans be read and written, and how full is it?"""
    path = settings.log.file
    try:
        if not path.exists():
            return _finding("log", State.UNUSED, f"there is no log of scans yet; a scanner that starts makes {path}")
        scans, used_mb = extent(path)
    except (PermissionError, StoreError) as failure:
        mend = "'sudo -u card-scanner card-scanner doctor' has the service's permissions"
        return _finding("log", State.WARNING, str(failure), mend)
    said = f"{scans} scans, {used_mb:.0f} of {settings.log.max_mb} MB, in {path}"
    if used_mb > _NEARLY_FULL * settings.log.max_mb:
        mend = "card-scanner export; then raise log.max_mb, or let the oldest exported scans go"
        return _finding("log", State.WARNING, said, mend)
    return _finding("log", State.OK, said)


def check_ports(settings: Settings, _machine: Machine) -> Finding:
    """Are the ports free, or does a scanner that answers hold them?"""
    endpoints = (settings.publish.endpoint, settings.publish.control)
    taken = [endpoint for endpoint in endpoints if not _is_free(endpoint)]
    if not taken:
        return _finding("ports", State.OK, f"{' and '.join(endpoints)} are free; no scanner is running")
    running = running_scanner(settings.publish)
    if running is not None:
        return _finding("ports", State.OK, f"a scanner is running: {running}")
    ports = " or ".join(f"sport = :{endpoint.rpartition(':')[2]}" for endpoint in taken)
    return _finding("ports", State.FAILURE, f"{' and '.join(taken)} cannot be used", f"sudo ss -ltnp '{ports}'")


def check_clock(_settings: Settings, machine: Machine) -> Finding:
    """Is the clock right, as far as one can tell?"""
    newest = max(path.stat().st_mtime for path in Path(__file__).parent.glob("*.py"))
    synchronise = "sudo timedatectl set-ntp true"
    if time.time() < newest - 24 * 3600:
        return _finding("clock", State.FAILURE, "the clock is before this program's own date", synchronise)
    match machine.output(["timedatectl", "show", "--property=NTPSynchronized", "--value"]):
        case "yes":
            return _finding("clock", State.OK, "synchronised")
        case "no":
            return _finding("clock", State.WARNING, "not synchronised: the times in messages may be off", synchronise)
        case _:
            return _finding("clock", State.UNUSED, "plausible; this machine does not tell whether it is synchronised")


def check_access(settings: Settings, _machine: Machine) -> Finding:
    """Who may connect from other machines?"""
    publish = settings.publish
    reached = " and ".join(each for each in (publish.endpoint, publish.control, publish.preview) if not is_local(each))
    if not reached:
        return _finding("access", State.UNUSED, "only programs on this machine may connect")
    keys, remedy = KeyFolder(publish.keys), "sudo card-scanner keys make NAME"
    try:
        keys.server()
        clients = keys.clients()
    except ConfigurationError as cause:
        return _finding("access", State.FAILURE, f"{reached}: {cause}", remedy)
    if not clients:
        return _finding("access", State.WARNING, f"{reached}: no program has a key", remedy)
    return _finding("access", State.OK, f"{reached}: programs with a key may connect: {', '.join(clients)}")


def running_scanner(publish: PublishSettings) -> str | None:
    """What a scanner says of itself on its control socket; None where nobody answers as one."""
    control = publish.control
    with zmq.Context[zmq.Socket[bytes]]() as context, context.socket(zmq.REQ) as client:
        client.setsockopt(zmq.LINGER, 0)
        try:
            show_key(client, None if is_local(control) else KeyFolder(publish.keys).own())
            client.connect(control.replace("*", "127.0.0.1").replace("0.0.0.0", "127.0.0.1"))  # noqa: S104
            client.send(b'{"command": "status"}')
            reply = json.loads(client.recv()) if client.poll(_ANSWER_MS) else {}
        except (zmq.ZMQError, ValueError, ConfigurationError):
            return None
    health = reply.get("health") if isinstance(reply, dict) else None
    if not isinstance(health, dict):
        return None
    troubles = "; ".join(health["degraded"])
    return (
        f"{health['fps']:.0f} frames/s from {health['source']}, status {health['status']}{troubles and ': ' + troubles}"
    )


def _is_free(endpoint: str) -> bool:
    """Whether a ZeroMQ socket can be bound there, and nobody's address is taken by that."""
    if is_held(endpoint):
        return False
    with zmq.Context[zmq.Socket[bytes]]() as context, context.socket(zmq.REP) as probe:
        try:
            probe.bind(endpoint)
        except zmq.ZMQError:
            return False
        return True


def _finding(subject: str, state: State, sentence: str, remedy: str = "") -> Finding:
    return Finding(subject=subject, state=state, sentence=sentence, remedy=remedy)


SOFTWARE_CHECKS: tuple[Check, ...] = (check_disk, check_log, check_ports, check_access, check_clock)
