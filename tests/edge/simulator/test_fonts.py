import subprocess
import sys
from pathlib import Path

import pytest

from edge.simulator.fonts import BODY_FONTS, FLAVOR_FONTS, TITLE_FONTS


def test_every_typeface_is_a_file():
    assert all(Path(font).is_file() for font in (*TITLE_FONTS, *BODY_FONTS, *FLAVOR_FONTS))


@pytest.mark.parametrize("command", [["run", "--source", "demo"], ["bench"]], ids=lambda command: command[0])
def test_where_they_are_not_installed_one_sentence_says_so(command):
    """Everything but the simulator works without them."""
    script = f"import sys; sys.modules['font_manrope'] = None; from edge.cli.command_line import main; main({command})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("card-scanner: error: the simulator needs its typefaces (")
    assert "pip install '.[simulator]'" in sentence
