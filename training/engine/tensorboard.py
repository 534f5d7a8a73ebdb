"""TensorBoard: a run's curves, live, in its folder."""

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from training.engine.callbacks import Callback
from training.engine.tracking import metrics_of

FOLDER = "tensorboard"
# chosen: seconds until what was written is on the disk.
_FLUSH_S = 10


@contextmanager
def events_for_tensorboard(folder: Path) -> Iterator[Callback]:
    """Write the numbers of a run's history as TensorBoard reads them, while the block lasts.

    Yields:
        What writes each line of the history; where tensorboardX is not installed, what does nothing.
    """
    if importlib.util.find_spec("tensorboardX") is None:
        yield Callback()
        return
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder / FOLDER), flush_secs=_FLUSH_S) as writer:

        def after_entry(entry: Mapping[str, Any]) -> None:
            for name, value in metrics_of(entry).items():
                writer.add_scalar(name, value, entry["step"])

        yield Callback(after_entry=after_entry)
