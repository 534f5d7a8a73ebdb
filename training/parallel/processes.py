"""Work that is shared by several processes of this machine."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")
_CHUNK = 16


def in_processes(work: Callable[[Given], Made], items: Sequence[Given], workers: int) -> Iterator[Made]:
    """The outcome of `work` for each item, in order, made by `workers` processes; by this one where that is 1."""
    if workers == 1:
        yield from map(work, items)
        return
    # A forked process would inherit locks that OpenCV's and torch's threads hold.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, items, chunksize=_CHUNK)
