"""`card-scanner config`: the settings that there are, and whether a file is right."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from edge.cli.arguments import Commands, new_command
from edge.cli.output import write_line
from edge.config import Settings, load_settings

_EXAMPLES = """\
  card-scanner config --default > scanner.toml    every setting, explained, at its default
  card-scanner config --check scanner.toml        is this file right?
  card-scanner config --show                      what holds now: defaults and environment

CARD_SCANNER_<SECTION>__<KEY> in the environment overrides a file, such as CARD_SCANNER_SOURCE__SPEC=demo."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(commands, common, "config", "Show or check settings.", _EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--default", action="store_true", help="write every setting at its default, as TOML")
    what.add_argument("--check", type=Path, metavar="FILE", help="check a file")
    what.add_argument("--show", action="store_true", help="write the settings that hold now, as TOML")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.check is not None:
        load_settings(options.check)
        write_line(f"{options.check} is right")
    else:
        for line in toml_lines(Settings() if options.default else load_settings()):
            write_line(line)
    return 0


def toml_lines(settings: Settings) -> Iterator[str]:
    """The settings as TOML, each below its description; those that are unset are commented out."""
    for name in Settings.model_fields:
        section: BaseModel = getattr(settings, name)
        yield f"[{name}]"
        for key, field in type(section).model_fields.items():
            if field.description:
                yield f"# {field.description}"
            value = section.model_dump(mode="json")[key]
            yield f"# {key} =" if value is None else f"{key} = {_toml_value(value)}"
        yield ""


def _toml_value(value: object) -> str:
    """Strings, numbers and booleans of JSON are written the same in TOML."""
    return json.dumps(value, ensure_ascii=False)
