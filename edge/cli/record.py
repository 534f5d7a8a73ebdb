"""`card-scanner record`: a running scanner writes what it sees and says into one file."""

import argparse
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.cli.arguments import Commands, count, new_command, seconds
from edge.cli.output import write_line
from edge.cli.running_scanner import add_running_scanner, control_of
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.wire.commands import RecordingReply

if TYPE_CHECKING:
    from edge.client import Control

_POLL_S = 0.2

_EXAMPLES = """\
  card-scanner record                      half a minute, ten frames a second; Ctrl-C ends it earlier
  card-scanner record misread.tar --seconds 10
  card-scanner record --seconds 600 --fps 2 --max-mb 4000
  card-scanner run --source replay:misread.tar    plays it: the same results each time

Frames are kept as they are, to the last bit, with all that was published meanwhile, in the scanner's folder of
snapshots. A tar archive of pictures and JSON: look at what is in it before you give it to somebody."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Record what a running scanner sees and says, in one file that replays. It asks on publish.control."
    parser = new_command(commands, common, "record", description, _EXAMPLES)
    parser.add_argument("name", nargs="?", type=named_path, metavar="NAME.tar", help="of the new file (by the time)")
    parser.add_argument("--seconds", type=seconds, default=30.0, metavar="S", help="how long (30)")
    parser.add_argument("--fps", type=_rate, default=10.0, metavar="F", help="frames recorded a second (10)")
    parser.add_argument("--max-mb", type=count, default=1000, metavar="MB", help="size at which it ends (1000)")
    add_running_scanner(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    asked = {"seconds": options.seconds, "fps": options.fps, "max_mb": options.max_mb}
    with control_of(options) as control:
        path = {} if options.name is None else {"path": options.name}
        begun = control.ask(RecordingReply, "record", **asked, **path)
        write_line(f"recording into {begun.path} ...")
        for line in _summary(_followed(control)):
            write_line(line)
    return 0


def _followed(control: "Control") -> RecordingReply:
    """How the recording ended; Ctrl-C ends it."""
    try:
        return _ended(control)
    except KeyboardInterrupt:
        control.ask(RecordingReply, "end_recording")
        return _ended(control)


def _ended(control: "Control") -> RecordingReply:
    while (told := control.ask(RecordingReply, "recording")).ended is None:
        time.sleep(_POLL_S)
    return told


def _summary(told: RecordingReply) -> Iterator[str]:
    yield f"{told.frames} frames, {told.size_mb:.0f} MB: {told.ended}"
    if told.left_out:
        yield f"{told.left_out} more were due and came too fast for the disk or the processor; ask for fewer with --fps"
    yield f"'card-scanner run --source replay:{told.path}' plays it"


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 240:
        raise ConfigurationError(f"{text!r} is not a number of frames a second above 0, and 240 at most")
    return value
