"""`card-scanner page`: the live page of a running scanner."""

import argparse

from edge.cli.arguments import Commands, add_config, configuration_file, new_command
from edge.cli.output import write_line
from edge.errors import ConfigurationError
from edge.settings.settings import load_settings

_EXAMPLES = """\
  card-scanner page                    http://127.0.0.1:8080/, for a browser on this machine
  sudo card-scanner page code          a code that sets the password for browsers elsewhere (page.host = "0.0.0.0")
  sudo card-scanner page token         what a program such as Prometheus shows instead

Follows the scanner of the same settings; it may be started before it, and again at any time."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(commands, common, "page", "Show a running scanner in a browser.", _EXAMPLES)
    parser.add_argument(
        "action", nargs="?", choices=("serve", "code", "token"), default="serve", help="what to do (serve)"
    )
    add_config(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        from edge.page.passwords import Passwords, page_folder
        from edge.page.server import address, serve
    except ImportError as cause:
        raise ConfigurationError(f"the page needs {cause.name}: pip install 'card-scanner[page]'") from cause
    passwords = Passwords(page_folder())
    if options.action == "token":
        write_line(passwords.token())
        return 0
    if options.action == "code":
        write_line(f"{passwords.new_code()}  (sets the page's password once, within an hour)")
        return 0
    settings = load_settings(configuration_file(options))
    write_line(f"the page is at {address(settings.page)}; Ctrl-C ends it")
    if settings.page.host != "127.0.0.1" and not passwords.is_set:
        write_line(f"set-up code for browsers elsewhere: {passwords.new_code()}")
    serve(settings, passwords)
    return 0
