"""What somebody chose in the scanner's code, a number or a rule, and how a measurement is made without it.

`card-training ablate detection` measures the scanner as it is, and again with each choice changed: a number halved,
doubled or without effect, a rule left out. Nothing but a measurement does so.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

Number = float | tuple["Number", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A number or a rule.

    Attributes:
        name: under which it is reported, such as `cards.MIN_SCORE`.
        value: as it is; None for a rule.
        changes: how ("off", "half", "double") -> what is measured instead: (module, name in it) -> value.
    """

    name: str
    value: Number | None
    changes: Mapping[str, Mapping[tuple[str, str], object]]


def number(module: str, name: str, *, off: Number | None = None, also_in: tuple[str, ...] = ()) -> Choice:
    """A constant of a module, or several of one kind.

    Args:
        module: that has it.
        name: its own there.
        off: the value with which it has no effect, where there is one.
        also_in: modules that import it by its name.
    """
    value: Number = current((module, name))
    instead = {} if off is None else {"off": off}
    instead |= {"half": _scaled(value, 0.5), "double": _scaled(value, 2)}
    places = [(each, name) for each in (module, *also_in)]
    return Choice(
        name=f"{module.rpartition('.')[2]}.{name}",
        value=value,
        changes={how: dict.fromkeys(places, other) for how, other in instead.items() if other != value},
    )


def rule(name: str, module: str, function: str, left_out: Callable[..., object]) -> Choice:
    """A function of a module that is replaced, by its name there, by one that does nothing."""
    return Choice(name=name, value=None, changes={"off": {(module, function): left_out}})


@contextmanager
def changed(change: Mapping[tuple[str, str], object]) -> Iterator[None]:
    """Have other values in the modules until the block ends. Not safe between threads.

    Raises:
        AttributeError: if a module has no such name.
    """
    with ExitStack() as stack:
        for place, value in change.items():
            module, name = importlib.import_module(place[0]), place[1]
            stack.callback(setattr, module, name, current(place))
            setattr(module, name, value)
        yield


def current(place: tuple[str, str]) -> Any:  # noqa: ANN401 (whatever a module has)
    """What a module has under a name."""
    return getattr(importlib.import_module(place[0]), place[1])


def _scaled(value: Number, factor: float) -> Number:
    """A number, or several, times a factor; whole ones stay whole, and at least 1."""
    if isinstance(value, tuple):
        return tuple(_scaled(each, factor) for each in value)
    return max(1, round(value * factor)) if isinstance(value, int) else value * factor
