"""`card-scanner demo`: the daemon on the simulated bench, seen by a subscriber and on the live page."""

import argparse
from contextlib import suppress

from edge.cli.arguments import Commands, new_command, seconds
from edge.cli.output import write_line
from edge.cli.watch import terminal_display
from edge.outside.daemon_process import DaemonProcess
from edge.outside.page_process import page_process
from edge.outside.tally import Tally
from edge.outside.watching import watch_daemon

_EXAMPLES = """\
  card-scanner demo                 a minute of the simulated bench
  card-scanner demo --seconds 10
  card-scanner demo --plain         one line a message, also in a terminal

Starts the daemon and its page as processes of their own, on free ports, says where the page is, and shows what is
published. Ctrl-C ends it early."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = new_command(commands, common, "demo", "See the whole scanner at work on a simulated bench.", _EXAMPLES)
    parser.add_argument("--seconds", type=seconds, default=60.0, metavar="S", help="how long (60)")
    parser.add_argument("--plain", action="store_true", help="one line a message, also in a terminal")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    tally = Tally()
    write_line("starting the scanner on the simulated bench ...")
    with (
        DaemonProcess("demo") as daemon,
        page_process(daemon.endpoint, daemon.control) as address,
        suppress(KeyboardInterrupt),
    ):
        write_line(f"the live page: {address}" if address else "without its page; pip install '.[page]' brings it")
        watch_daemon(daemon, terminal_display(plain=options.plain), tally, options.seconds)
    write_line()
    for line in tally.summary():
        write_line(line)
    write_line(f"peak memory of the daemon: {daemon.peak_rss_mb:.0f} MB")
    return 0
