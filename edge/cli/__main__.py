"""`python -m edge.cli` is `card-scanner`."""

import sys

from edge.cli.command_line import main

if __name__ == "__main__":
    sys.exit(main())
