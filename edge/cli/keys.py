"""`card-scanner keys`: who may connect to the scanner from other machines."""

import argparse
from pathlib import Path

from edge.cli.arguments import Commands, add_config, configuration_file, new_command
from edge.cli.output import write_line
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.settings.settings import load_settings
from edge.wire.keys import KeyFolder

_EXAMPLES = """\
  sudo card-scanner keys make phone      a key for a program; phone.key is what it needs
  card-scanner keys list                 who may connect
  sudo card-scanner keys revoke phone    phone may no longer, at once

The first key also makes the scanner's own. Where they lie: publish.keys."""
_ACTIONS = ("make", "list", "revoke")


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Make, list and revoke the keys of programs on other machines."
    parser = new_command(commands, common, "keys", description, _EXAMPLES)
    parser.add_argument("action", choices=_ACTIONS, help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the program")
    parser.add_argument("--output", type=named_path, metavar="FILE", help="new file for the program (NAME.key)")
    add_config(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if (options.action != "list") != (options.name is not None):
        wanted = "nothing more" if options.action == "list" else "the NAME of a program"
        raise ConfigurationError(f"'keys {options.action}' takes {wanted}; 'keys --help' shows examples")
    keys = KeyFolder(load_settings(configuration_file(options)).publish.keys)
    if options.action == "make":
        output = options.output or Path(f"{options.name}.key")
        keys.make(options.name, output)
        write_line(f"{output} is what {options.name} needs to connect; whoever has it may, so move it there safely")
    elif options.action == "revoke":
        keys.revoke(options.name)
        write_line(f"{options.name} may connect no longer")
    else:
        for name, client in keys.clients().items():
            write_line(f"{name:20}  {client.public_key}  made {client.made_at}")
    return 0
