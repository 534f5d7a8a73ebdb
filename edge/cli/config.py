"""`card-scanner config`: the settings that there are, and whether a file is right."""

import argparse
import json
from collections.abc import Iterator

from pydantic import BaseModel

from edge.cli.arguments import Commands, new_command
from edge.cli.output import write, write_line
from edge.files.paths import named_path
from edge.settings.allowed_values import allowed_values
from edge.settings.settings import Settings, load_settings
from edge.shipped import FOLDER

_EXAMPLES = """\
  card-scanner config --default > scanner.toml    every setting, explained, at its default
  card-scanner config --check scanner.toml        is this file right?
  card-scanner config --show                      what holds now: defaults and environment
  card-scanner config --reference                 every setting and what it may be, as Markdown

CARD_SCANNER_<SECTION>__<KEY> in the environment overrides a file, such as CARD_SCANNER_SOURCE__SPEC=demo."""

_INTRODUCTION = """\
# Configuration

<!-- Made by `card-scanner config --reference > docs/configuration.md`; a test keeps it equal to the code. -->

One TOML file, given with `--config`; the service's is `/etc/card-scanner/config.toml`. Every setting has a default, so
that a file says only what differs:

    [source]
    spec = "v4l2:/dev/video0"

    [publish]
    device = "left bench"

An environment variable `CARD_SCANNER_<SECTION>__<KEY>` overrides the file: `CARD_SCANNER_SOURCE__FPS=15`. Default paths
without a leading `/` are in the program's own folder.

    card-scanner config --default > scanner.toml    # every setting, explained, at its default
    card-scanner config --check scanner.toml        # is this file right?
    card-scanner config --show                      # what holds now

A running scanner reads its settings again on `sudo systemctl reload card-scanner` (SIGHUP). The sections `source`,
`camera`, `imx500`, `publish`, `snapshot` and `log` need a restart; a reload that would change them is refused, and says
so.
"""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(commands, common, "config", "Show or check settings.", _EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--default", action="store_true", help="write every setting at its default, as TOML")
    what.add_argument("--check", type=named_path, metavar="FILE", help="check a file")
    what.add_argument("--show", action="store_true", help="write the settings that hold now, as TOML")
    what.add_argument("--reference", action="store_true", help="write what every setting may be, as Markdown")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.check is not None:
        load_settings(options.check)
        write_line(f"{options.check} is right")
    elif options.reference:
        write("\n".join(reference_lines()))
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


def reference_lines() -> Iterator[str]:
    """The documentation of every setting, as Markdown."""
    yield _INTRODUCTION
    for name, section in Settings.model_fields.items():
        kind = section.annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            continue
        yield f"## [{name}]\n"
        yield f"{kind.__doc__}\n"
        yield "| key | may be | default | meaning |"
        yield "|---|---|---|---|"
        for key, field in kind.model_fields.items():
            default = kind().model_dump(mode="json")[key]
            shown = "unset" if default is None else f"`{_toml_value(default)}`".replace(f"{FOLDER}/", "")
            yield f"| `{key}` | {allowed_values(kind, key)} | {shown} | {field.description or ''} |"
        yield ""


def _toml_value(value: object) -> str:
    """Strings, numbers and booleans of JSON are written the same in TOML."""
    return json.dumps(value, ensure_ascii=False)
