from pathlib import Path

import torch
import torch.multiprocessing

from tests.training.conftest import free_port
from training.parallel.ranks import Ranks, join_ranks


def meet(rank: int, port: int, folder: str) -> None:
    import os

    os.environ |= {"WORLD_SIZE": "2", "RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    ranks = join_ranks()
    parameters = [
        torch.nn.Parameter(torch.zeros(2, 2)),
        torch.nn.Parameter(torch.zeros(3)),
        torch.nn.Parameter(torch.zeros(1)),
    ]
    parameters[0].grad = torch.full((2, 2), float(rank))
    parameters[1].grad = torch.arange(3.0) * (rank + 1)
    ranks.add_gradients(parameters)
    assert parameters[0].grad.tolist() == [[1, 1], [1, 1]]
    assert parameters[1].grad.tolist() == [0, 3, 6]
    assert parameters[2].grad is None
    assert ranks.agree(0.25 + rank) == 0.25
    assert ranks.any(rank == 1, False) == (True, False)
    left = Path(folder, "left")
    assert ranks.first_then_others(lambda: left.exists() or left.touch()) is (rank == 1 or None)
    Path(folder, f"{rank}").touch()
    torch.distributed.destroy_process_group()


def test_two_processes_share_gradients_and_progress(tmp_path):
    torch.multiprocessing.start_processes(meet, (free_port(), str(tmp_path)), nprocs=2, start_method="fork")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0", "1", "left"]


def test_a_process_alone_keeps_its_own():
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.ones(2)
    Ranks().add_gradients([parameter])
    assert parameter.grad.tolist() == [1, 1]
    assert Ranks().agree(0.7) == 0.7


def test_without_torchrun_this_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_ranks() == Ranks(rank=0, size=1)
