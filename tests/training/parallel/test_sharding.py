import pytest

from training.parallel.sharding import Shard, gathered, share_of, shared_work


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_hold_every_item_once(size):
    items = list(range(5))
    shares = [share_of(items, Shard(rank=rank, size=size)) for rank in range(size)]
    assert sorted(item for share in shares for item in share) == items
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_alone_nothing_is_shared(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with shared_work() as shard:
        assert shard == Shard(rank=0, size=1)
        assert gathered(share_of("abc", shard), shard) == ["a", "b", "c"]


def test_outcomes_come_in_the_order_of_the_items(monkeypatch):
    import torch.distributed

    items = list("abcde")
    shares = [share_of(items, Shard(rank=rank, size=2)) for rank in range(2)]

    def all_gather_object(parts, own):
        parts[:] = [list(share) for share in shares]

    monkeypatch.setattr(torch.distributed, "all_gather_object", all_gather_object)
    assert gathered(shares[0], Shard(rank=0, size=2)) == items
