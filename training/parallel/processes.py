"""Work that is shared by several processes of this machine."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")
_CHUNK = 16
# Chunks made ahead for each process: what is made faster than it is taken must not fill the memory.
_AHEAD = 3


def in_processes(work: Callable[[Given], Made], items: Sequence[Given], workers: int) -> Iterator[Made]:
    """The outcome of `work` for each item, in order, made by `workers` processes; by this one where that is 1."""
    if workers == 1:
        yield from map(work, items)
        return
    chunks = (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
    made: deque[Future[list[Made]]] = deque()
    # A forked process would inherit locks that OpenCV's and torch's threads hold.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        for chunk in chunks:
            made.append(pool.submit(_all, work, chunk))
            if len(made) > _AHEAD * workers:
                yield from made.popleft().result()
        while made:
            yield from made.popleft().result()


def _all(work: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
    return [work(item) for item in items]


def _end_with_parent() -> None:
    """Have this process end when its parent does, also when that is killed: it would wait for work for ever."""
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
