"""`card-scanner doctor`: what is wrong on this machine, and what mends it."""

import argparse

from edge.cli.arguments import Commands, add_config, configuration_file, new_command
from edge.cli.output import write_line

_EXAMPLES = """\
  card-scanner doctor                               with the settings of the service, where it is installed
  card-scanner doctor --config scanner.toml         with other settings
  sudo -u card-scanner card-scanner doctor          with the permissions of the service

Marks: ok; warn, which works but not for long or not well; FAIL, with what mends it after the arrow; -, which is not
there or not used. The exit code is 1 if anything fails, else 0."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Check camera, NPU, model, database and machine. One line each, with the command that mends it."
    parser = new_command(commands, common, "doctor", description, _EXAMPLES)
    add_config(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.diagnosis import Machine, State, diagnose

    failed = False
    for finding in diagnose(configuration_file(options), Machine()):
        failed |= finding.state is State.FAILURE
        write_line(finding.line())
    return 1 if failed else 0
