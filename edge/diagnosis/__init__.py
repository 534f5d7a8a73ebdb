"""Is everything here that the settings ask for, and does it work?"""

from collections.abc import Iterator
from pathlib import Path

from edge.diagnosis.finding import Finding, State
from edge.diagnosis.hardware import HARDWARE_CHECKS
from edge.diagnosis.machine import Machine
from edge.diagnosis.recognition import RECOGNITION_CHECKS
from edge.diagnosis.software import SOFTWARE_CHECKS
from edge.errors import ConfigurationError
from edge.settings.settings import Settings, load_settings

__all__ = ["Finding", "Machine", "State", "diagnose"]


def diagnose(configuration: Path | None, machine: Machine) -> Iterator[Finding]:
    """Check the configuration, then what it asks for; the defaults' demands where it is wrong.

    Args:
        configuration: the settings' file; None checks the defaults and the environment.
        machine: to look at.
    """
    settings, finding = _configuration(configuration)
    yield finding
    for check in (*HARDWARE_CHECKS, *RECOGNITION_CHECKS, *SOFTWARE_CHECKS):
        yield check(settings, machine)


def _configuration(path: Path | None) -> tuple[Settings, Finding]:
    try:
        settings = load_settings(path)
    except ConfigurationError as failure:
        mend = f"sudoedit {path}; then card-scanner config --check {path}" if path else "correct the environment"
        sentence = f"{failure}; what follows is checked with the defaults"
        return Settings(), Finding(subject="configuration", state=State.FAILURE, sentence=sentence, remedy=mend)
    where = str(path) if path else "the defaults; there is no file"
    return settings, Finding(subject="configuration", state=State.OK, sentence=where)
