"""`card-scanner mqtt`: takes what a scanner publishes to an MQTT broker."""

import argparse

from edge.cli.arguments import Commands, add_config, configuration_file, new_command
from edge.cli.output import write_line
from edge.client import Client, read_client_key
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.settings.settings import load_settings

_EXAMPLES = """\
  card-scanner mqtt                              to the broker of the settings (mqtt.host), until Ctrl-C
  card-scanner mqtt --connect tcp://10.0.0.7:5556 --key phone.key  of a scanner elsewhere, or a hub of several

Home Assistant, connected to the same broker, finds the scanner by itself: its last card, cards in view, frame rate, and
whether something is wrong. Other programs read PREFIX/DEVICE/confirmed: each card's whole message."""


def add_parser(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    description = "Take what a running scanner publishes to an MQTT broker. Home Assistant finds it there."
    parser = new_command(commands, common, "mqtt", description, _EXAMPLES)
    parser.add_argument("--connect", metavar="ENDPOINT", help="where the scanner publishes (publish.endpoint)")
    parser.add_argument("--key", type=named_path, metavar="FILE", help="for a scanner elsewhere (card-scanner keys)")
    add_config(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        from edge.mqtt.bridge import Bridge
    except ImportError as cause:
        raise ConfigurationError(f"the bridge needs {cause.name}: pip install 'card-scanner[mqtt]'") from cause
    settings = load_settings(configuration_file(options))
    endpoint = options.connect or settings.publish.endpoint
    key = None if options.key is None else read_client_key(options.key)
    with Client(endpoint, topics=["health", "card.confirmed"], key=key) as client, Bridge(settings.mqtt) as bridge:
        write_line(f"from {endpoint} to the MQTT broker {settings.mqtt.host}:{settings.mqtt.port}; Ctrl-C ends it")
        while True:
            bridge.follow(client)
