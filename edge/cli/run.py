"""`card-scanner run`: the daemon."""

import argparse

from edge.cli.arguments import Commands, new_command
from edge.files.paths import named_path
from edge.settings.settings import Settings, load_settings
from edge.settings.values import SOURCES

_EXAMPLES = """\
  card-scanner run                                   settings' own source: a simulated bench, unless set otherwise
  card-scanner run --source v4l2:/dev/video0         a USB camera
  card-scanner run --source video:cards.mp4          a video, every frame of it
  card-scanner run --source replay:misread.tar       a recording ('card-scanner record'), the same results each time
  card-scanner run --source images:photos/           the photos of a folder, one after the other
  card-scanner run --config /etc/card-scanner.toml   settings from a file ('card-scanner config --default' writes one)

Ends when the source ends, or on Ctrl-C or SIGTERM; SIGHUP reads the settings and the card database again.
'card-scanner watch' shows what it publishes."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Scan cards and publish the results. They go out over ZeroMQ, on tcp://127.0.0.1:5556 by default."
    parser = new_command(commands, common, "run", description, _EXAMPLES)
    parser.add_argument("--config", type=named_path, metavar="FILE", help="settings (TOML)")
    parser.add_argument("--source", help=f"where frames come from: {SOURCES}")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from edge.service.daemon import run_daemon
    from edge.service.memory import keep_heap_small

    keep_heap_small()
    overrides = {"source": {"spec": options.source}} if options.source is not None else None

    def _read_settings() -> Settings:
        return load_settings(options.config, overrides=overrides)

    return run_daemon(_read_settings(), _read_settings)
