"""What was computed once is not computed again: for measurements that do nearly the same again and again."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.inference.networks import Signature, open_network

_LARGE = 100  # numbers: chosen, because pictures have more and outlines and matrices fewer


class Memory:
    """What networks and functions said of one picture."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._said: dict[Hashable, Any] = {}

    def open_network(self, path: Path, signature: Signature, threads: int = 1) -> "RememberedNetwork":
        """In place of `edge.inference.networks.open_network`; raises as it does."""
        return RememberedNetwork(open_network(path, signature, threads), self)

    def remembering(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A pure function of pictures and small arrays that is computed once for the same ones."""

        def remembered(*arguments: Any) -> Any:  # noqa: ANN401 (whatever the function takes and gives)
            key = function, *(_key(each) for each in arguments)
            # The arguments are held as well: no other picture gets the identity of one that is remembered.
            return self.once(key, lambda: (arguments, function(*arguments)))[1]

        return remembered

    def once(self, key: Hashable, compute: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever is computed)
        """What is remembered under a key, or is computed now."""
        if key not in self._said:
            self._said[key] = compute()
        return self._said[key]

    def forget(self) -> None:
        """Start anew: another picture follows."""
        self._said.clear()


class RememberedNetwork:
    """Answers as a session of ONNX Runtime does."""

    def __init__(self, session: onnxruntime.InferenceSession, memory: Memory) -> None:
        """Ask `session` for whatever `memory` does not hold."""
        self._session = session
        self._memory = memory

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The outputs of these names."""
        asked = tuple((name, values.shape, values.tobytes()) for name, values in feeds.items())
        key = id(self), *names, hash(asked)
        said: list[NDArray[np.float32]] = self._memory.once(key, lambda: self._session.run(list(names), dict(feeds)))
        return said


def _key(argument: Any) -> Hashable:  # noqa: ANN401 (an argument of any function)
    if not isinstance(argument, np.ndarray):
        return hash(argument)
    return id(argument) if argument.size > _LARGE else argument.tobytes()
