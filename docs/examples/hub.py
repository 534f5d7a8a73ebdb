"""Brings together what several scanners publish: who connects here hears them all.

python docs/examples/hub.py HERE SCANNER...
python docs/examples/hub.py tcp://127.0.0.1:5560 tcp://127.0.0.1:5556 tcp://10.0.0.7:5556=front.key

A scanner on another machine wants a key (card-scanner keys make, on that machine).
"""

import sys
from pathlib import Path

import zmq

from edge.client import read_client_key

here, *scanners = sys.argv[1:]
context = zmq.Context()
heard, told = context.socket(zmq.XSUB), context.socket(zmq.XPUB)
# A second subscriber is told of, too, so that the scanners tell it what holds.
told.setsockopt(zmq.XPUB_VERBOSE, 1)
for scanner in scanners:
    endpoint, _, key_file = scanner.partition("=")
    if key_file:
        key = read_client_key(Path(key_file))
        heard.curve_serverkey, heard.curve_publickey = key.server_key.encode(), key.public_key.encode()
        heard.curve_secretkey = key.secret_key.encode()
    heard.connect(endpoint)
told.bind(here)
zmq.proxy(heard, told)
