"""The rooms that one frame, photo or quad passes, each where it is first entered: how often does that lead up again?

    python -m tests.walks ROOT FUNCTION COMMAND...

runs a command of card-scanner and follows every thread from the first call of FUNCTION on. ROOT is the package whose
modules and packages are the rooms. A room's floor is the longest way down from it by imports; a climb is a step to a
room on a higher floor than that of the room entered before. Imports are followed on no walk.
"""

import inspect
import os
import sys
import threading
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import FrameType

import grimp

import edge.cli

HERE = f"{Path.cwd()}{os.sep}"


def floors(root: str) -> tuple[dict[str, int], dict[str, str]]:
    """Room -> its floor, and module -> the room that it is in."""
    graph = grimp.build_graph("edge")
    rooms = graph.find_children(root)
    inside = {room: {room} | graph.find_descendants(room) for room in rooms}
    room_of = {module: room for room in rooms for module in inside[room]}
    below = {
        room: {
            room_of[each]
            for module in inside[room]
            for each in graph.find_modules_directly_imported_by(module)
            if each in room_of
        }
        - {room}
        for room in rooms
    }
    floor = dict.fromkeys(rooms, 1)
    for _ in rooms:
        floor |= {room: 1 + max((floor[other] for other in below[room]), default=0) for room in rooms}
    return floor, room_of


@cache
def module_of(file: str) -> str:
    """The module of a file below the working directory; empty for any other."""
    inside = file.removeprefix(HERE).removesuffix(".py").removesuffix("/__init__").replace(os.sep, ".")
    return inside if file.startswith(HERE) else ""


def callers(frame: FrameType | None) -> Iterator[str]:
    """Names of the functions that a call is within, its own first, as far as they are the scanner's."""
    while frame is not None:
        if module_of(frame.f_code.co_filename).startswith("edge."):
            yield frame.f_code.co_name
        frame = frame.f_back


def walk_of(root: str, start: str, command: list[str]) -> list[tuple[str, int]]:
    """The rooms with their floors, in the order in which they are entered."""
    floor, room_of = floors(root)
    walk: list[str] = []

    def called(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_flags & inspect.CO_OPTIMIZED:  # the body of a class is none
            return
        module = module_of(code.co_filename)
        room = room_of.get(module)
        begun = walk or f"{module}.{code.co_name}" == start
        if begun and room and room not in walk and "<module>" not in callers(frame):
            walk.append(room)

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        edge.cli.main(command)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return [(room, floor[room]) for room in walk]


if __name__ == "__main__":
    found = walk_of(sys.argv[1], sys.argv[2], sys.argv[3:])
    climbs = sum(above > below for (_, below), (_, above) in pairwise(found))
    sys.stdout.write(" > ".join(f"{room.rpartition('.')[2]} {floor}" for room, floor in found) + f"\n{climbs} climbs\n")
