"""`card-scanner watch`: a subscriber that shows what a running scanner publishes."""

import argparse
import sys
import time
from contextlib import suppress

from edge.cli.arguments import Commands, count, new_command, seconds
from edge.cli.display import JsonDisplay, LiveDisplay, PlainDisplay
from edge.cli.output import write_line
from edge.client import Client, read_client_key
from edge.errors import ScannerError
from edge.files.paths import named_path
from edge.outside.tally import Tally
from edge.outside.watching import Display, follow
from edge.settings.settings import load_settings

_EXAMPLES = """\
  card-scanner watch                              a live view until Ctrl-C
  card-scanner watch --connect tcp://10.0.0.7:5556 --key phone.key  of a scanner elsewhere
  card-scanner watch --json --count 100           the next 100 messages, as JSON lines
  card-scanner watch --json --topic card.confirmed  which cards are confirmed
  card-scanner watch --plain --seconds 60 > log   a minute of messages, as text

docs/protocol.md describes the messages."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(commands, common, "watch", "Show what a running scanner publishes.", _EXAMPLES)
    parser.add_argument("--connect", metavar="ENDPOINT", help="where it publishes (tcp://127.0.0.1:5556)")
    parser.add_argument("--control", metavar="ENDPOINT", help="where it takes commands: tells what lies there")
    parser.add_argument("--topic", action="append", metavar="TOPIC", help="only topics that begin so (repeatable)")
    parser.add_argument("--key", type=named_path, metavar="FILE", help="for a scanner elsewhere (card-scanner keys)")
    parser.add_argument("--count", type=count, metavar="N", help="end after N messages")
    parser.add_argument("--seconds", type=seconds, metavar="S", help="end after S seconds")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--plain", action="store_true", help="one line a message, also in a terminal")
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=_run)


def terminal_display(*, plain: bool) -> Display:
    """The view that stays in place where there is a terminal, else lines."""
    return PlainDisplay() if plain or not sys.stdout.isatty() else LiveDisplay()


def _run(options: argparse.Namespace) -> int:
    publish = load_settings().publish
    endpoint = options.connect or publish.endpoint
    control = options.control or (None if options.connect else publish.control)
    display = JsonDisplay() if options.json else terminal_display(plain=options.plain)
    tally, end_s = Tally(), time.monotonic() + (options.seconds or float("inf"))
    key = None if options.key is None else read_client_key(options.key)
    topics = options.topic or [""]
    with Client(endpoint, control=control, topics=topics, key=key) as client, suppress(KeyboardInterrupt):
        follow(client, display, tally, lambda: tally.messages == options.count or time.monotonic() >= end_s)
    if not options.json:
        write_line()
        for line in tally.summary():
            write_line(line)
    if options.seconds and not tally.messages:
        raise ScannerError(f"nothing was published on {endpoint} in {options.seconds:g} s; start 'card-scanner run'")
    return 0
