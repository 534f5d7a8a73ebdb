"""`card-scanner database`: installs card databases on a device, and says which one is in use."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, add_config, configuration_file, new_command
from edge.cli.output import write_line
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.settings.settings import load_settings

if TYPE_CHECKING:
    from edge.database.installed import InstalledDatabases

_FOLDER = Path("/var/lib/card-scanner/databases")
_EXAMPLES = """\
  card-scanner database list                                which are installed, which is in use?
  sudo card-scanner database install /media/usb/base-set    try, verify, copy, use
  sudo card-scanner database use demo-1f0c2b7a9d34          use an installed one
  sudo card-scanner database rollback                       use the one that was in use before

A power cut at any moment leaves the former database or the new one in use, never half of one. A running scanner goes
on with the former one until it is told: 'sudo systemctl reload card-scanner' loses no frame."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Install card databases, and choose one. Settings name the one in use: recognition.database."
    parser = new_command(commands, common, "database", description, _EXAMPLES)
    parser.add_argument("action", choices=_ACTIONS, help="what to do")
    parser.add_argument("database", nargs="?", metavar="FOLDER|NAME", help="folder to install, or name to use")
    parser.add_argument(
        "--folder", type=named_path, default=_FOLDER, help=f"of the installed databases (default: {_FOLDER})"
    )
    add_config(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.database.installed import InstalledDatabases

    takes_argument = options.action in ("install", "use")
    if takes_argument != (options.database is not None):
        wanted = {"install": "the FOLDER to install", "use": "the NAME to use"}.get(options.action, "nothing more")
        raise ConfigurationError(f"'database {options.action}' takes {wanted}; 'database --help' shows examples")
    _ACTIONS[options.action](InstalledDatabases(options.folder.absolute()), options)
    return 0


def _install(databases: "InstalledDatabases", options: argparse.Namespace) -> None:
    bundle = named_path(options.database)
    _try(bundle, options)
    name = databases.install(bundle)
    databases.use(name)
    _tell_use(databases, options)


def _list(databases: "InstalledDatabases", _options: argparse.Namespace) -> None:
    installed = databases.installed()
    for each in installed:
        manifest = each.manifest
        told = each.fault if manifest is None else f"{manifest.cards} cards, for the model {manifest.model_id}"
        write_line(f"{'*' if each.in_use else ' '} {each.name}  {told}")
    if not installed:
        write_line(f"no database is installed in {databases.folder}")


def _use(databases: "InstalledDatabases", options: argparse.Namespace) -> None:
    databases.check(options.database)
    _try(databases.folder / options.database, options)
    databases.use(options.database)
    _tell_use(databases, options)


def _rollback(databases: "InstalledDatabases", options: argparse.Namespace) -> None:
    _try(databases.folder / databases.former(), options)
    databases.rollback()
    _tell_use(databases, options)


_ACTIONS = {"install": _install, "list": _list, "use": _use, "rollback": _rollback}


def _try(bundle: Path, options: argparse.Namespace) -> None:
    """Refuse a database that the scanner could not use with its model, before anything changes."""
    from edge.cli.database_trial import try_database
    from edge.database.bundle import MANIFEST_FILE, check_model
    from edge.manifests import read_database_manifest, read_model_manifest

    settings = load_settings(configuration_file(options)).recognition
    manifest = read_database_manifest(bundle / MANIFEST_FILE)
    check_model(bundle, manifest, read_model_manifest(settings.model.with_suffix(".json")))
    try_database(bundle, settings.model)


def _tell_use(databases: "InstalledDatabases", options: argparse.Namespace) -> None:
    from edge.database.installed import CURRENT

    write_line(f"{databases.current} is in use; tell a running scanner: sudo systemctl reload card-scanner")
    database, current = load_settings(configuration_file(options)).recognition.database, databases.folder / CURRENT
    if database != current:
        write_line(f'the settings name another one; set recognition.database = "{current}" instead of "{database}"')
