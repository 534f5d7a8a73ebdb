import platform
import subprocess
import sys

import pytest

CODE = """
from edge.service.memory import keep_heap_small
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


SCATTERED = """
from edge.service.memory import give_back_free_pages, keep_heap_small
from edge.health import resident_mb
keep_heap_small()
pieces = [bytearray(b"x") * 100_000 for _ in range(1000)]
full = resident_mb()
del pieces[::2]
give_back_free_pages()
assert full - resident_mb() > 40, (full, resident_mb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_free_pages_between_blocks_in_use_go_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", SCATTERED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
