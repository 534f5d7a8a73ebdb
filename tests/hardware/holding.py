"""What a C library does that never releases the interpreter's lock: nothing else of Python runs meanwhile."""

import ctypes


def hold_lock(seconds: float) -> None:
    """Sleep with the interpreter's lock held."""
    if seconds > 0:
        ctypes.PyDLL(None).usleep(ctypes.c_uint(round(1e6 * seconds)))
