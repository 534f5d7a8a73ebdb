"""`card-training studio`: trainings in a browser on this machine."""

import argparse
import socket
import sys

from edge.errors import ConfigurationError, PublishError

HOST = "127.0.0.1"
_END_S = 1


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code. Trainings go on.

    Raises:
        ConfigurationError: if a library is missing.
        PublishError: if the port cannot be used.
    """
    try:
        import uvicorn

        from training.studio.application import application
    except ImportError as cause:
        raise ConfigurationError(f"the studio needs {cause.name}: pip install 'card-scanner[page]'") from cause
    configuration = uvicorn.Config(
        application(args.runs),
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_END_S,
    )
    try:
        listening = socket.create_server((HOST, args.port))
    except OSError as cause:
        raise PublishError(
            f"port {args.port} cannot be used ({cause.strerror}); is the studio running already? --port names another"
        ) from cause
    sys.stdout.write(f"http://{HOST}:{args.port}/\n")
    sys.stdout.flush()
    uvicorn.Server(configuration).run(sockets=[listening])
    return 0
