"""Keeps the process's heap small."""

import ctypes

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_ARENAS = 2
_LARGE_BYTES = 1_000_000


def keep_heap_small() -> bool:
    """Let malloc give pictures back to the system as soon as they are freed, and share few heaps among the threads.

    To be called before any thread is started. Without it the daemon keeps about 30 MB more.

    Returns:
        Whether the C library could be told; others than glibc cannot.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = ((_M_ARENA_MAX, _ARENAS), (_M_TRIM_THRESHOLD, _LARGE_BYTES), (_M_MMAP_THRESHOLD, _LARGE_BYTES))
    accepted = [mallopt(option, value) == 1 for option, value in wanted]
    return all(accepted)


def give_back_free_pages() -> None:
    """Let malloc give the pages back that are free between blocks in use; about a millisecond.

    Pieces of pictures of all sizes come and go while small things stay; without this the heap grows by megabytes an
    hour though no more of it is in use.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
