import platform
import subprocess
import sys

import pytest

CODE = """
from edge.memory import keep_heap_small
from edge.health import resident_mb
assert keep_heap_small()
blocks = [bytearray(b"x") * 2_000_000 for _ in range(20)]
full = resident_mb()
del blocks[:]
assert full - resident_mb() > 35, (full, resident_mb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_freed_pictures_go_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
