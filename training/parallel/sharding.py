"""Work that is shared by the processes that `torchrun` started, on one machine or several."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """This process among those that share the work; the first one writes the files."""

    rank: int = 0
    size: int = 1


@contextmanager
def shared_work() -> Iterator[Shard]:
    """Join the processes that `torchrun` started; without it this process is alone, and torch is not loaded."""
    if "WORLD_SIZE" not in os.environ:
        yield Shard()
        return
    from training.parallel.ranks import join_ranks, leave_ranks

    ranks = join_ranks()
    try:
        yield Shard(rank=ranks.rank, size=ranks.size)
    finally:
        leave_ranks()


def share_of(items: Sequence[Item], shard: Shard) -> Sequence[Item]:
    """This process's share: every `shard.size`-th item."""
    return items[shard.rank :: shard.size]


def gathered(own: Sequence[Item], shard: Shard) -> list[Item]:
    """All processes' outcomes of `share_of`, in the order of the items, in every process.

    Outcomes are any objects that can be pickled.
    """
    if shard.size == 1:
        return list(own)
    import torch.distributed

    parts: list[Any] = [None] * shard.size
    torch.distributed.all_gather_object(parts, list(own))
    return [parts[number % shard.size][number // shard.size] for number in range(sum(len(part) for part in parts))]
