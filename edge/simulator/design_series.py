"""Series of designs: those that methods are made on, and others that they are judged on, which share none."""

from collections.abc import Mapping
from dataclasses import replace

from edge.simulator.design import Outline, Tab, Template
from edge.simulator.palette import Color
from edge.simulator.text import Rect

_YELLOW: Color = (45.0, 205.0, 246.0)
_LEMON: Color = (96.0, 222.0, 250.0)
_AMBER: Color = (40.0, 180.0, 238.0)
_SILVER: Color = (204.0, 200.0, 196.0)
_STEEL: Color = (172.0, 166.0, 160.0)
_PEARL: Color = (228.0, 226.0, 224.0)
_BLACK: Color = (26.0, 23.0, 23.0)
_SOOT: Color = (38.0, 36.0, 38.0)
_WHITE: Color = (243.0, 245.0, 246.0)
_CREAM: Color = (214.0, 234.0, 240.0)
_GOLD: Color = (70.0, 150.0, 190.0)
_BROWN: Color = (28.0, 52.0, 84.0)
_INK: Color = (30.0, 28.0, 28.0)
_GREY: Color = (96.0, 94.0, 92.0)
_NAVY: Color = (122.0, 62.0, 30.0)
_AZURE: Color = (150.0, 84.0, 26.0)

_TYPES: tuple[Color, ...] = (
    (70.0, 180.0, 96.0), (60.0, 90.0, 226.0), (214.0, 160.0, 70.0), (150.0, 84.0, 130.0), (70.0, 110.0, 172.0),
)  # fmt: skip
_MORE_TYPES: tuple[Color, ...] = (
    (96.0, 160.0, 40.0), (48.0, 132.0, 236.0), (196.0, 120.0, 60.0), (120.0, 70.0, 160.0), (152.0, 150.0, 146.0),
)  # fmt: skip
_PALE: tuple[Color, ...] = ((176.0, 214.0, 190.0), (180.0, 186.0, 236.0), (232.0, 214.0, 184.0))

_STAGE = Tab(rect=Rect(1.7, 5.6, 12.5, 4.6), radius_mm=1.4, color=(214.0, 212.0, 210.0), rim=(70.0, 68.0, 66.0))
_ICON = Tab(rect=Rect(53.5, 1.9, 7.6, 7.6), radius_mm=3.8, color=(60.0, 120.0, 226.0), rim=(40.0, 40.0, 42.0))
_RIBBON = Tab(rect=Rect(1.4, 12.0, 10.0, 8.0), radius_mm=2.0, color=(190.0, 190.0, 196.0), rim=(60.0, 62.0, 66.0))
_MARK = Tab(rect=Rect(50.0, 82.0, 10.5, 4.2), radius_mm=1.0, color=(232.0, 232.0, 232.0), rim=(50.0, 50.0, 50.0))


def _line(color: Color, narrowest_mm: float = 0.15, widest_mm: float = 0.35) -> Outline:
    return Outline(color=color, widths_mm=(narrowest_mm, widest_mm))


_FIRST = Template(name="yellow, brown line", border=_YELLOW, outlines=(_line(_BROWN),), frames=_TYPES)
_SECOND = Template(
    name="yellow, ink line", border=_LEMON, widths_mm=(2.7, 2.8, 2.7, 2.8), outlines=(_line(_INK),), frames=_MORE_TYPES
)

DEVELOPED: Mapping[str, tuple[Template, ...]] = {
    "outlined, yellow": (
        _FIRST,
        Template(
            name="yellow, bevel",
            border=_AMBER,
            widths_mm=(2.8, 2.9, 2.8, 2.9),
            outlines=(_line(_CREAM, 0.15, 0.25), _line(_BROWN, 0.15, 0.25)),
            frames=_TYPES,
        ),
        Template(name="yellow, gold line", border=_LEMON, outlines=(_line(_GOLD),), frames=_PALE, corner_mm=1.6),
    ),
    "outlined, silver": (
        Template(
            name="silver, double line",
            border=_SILVER,
            border_texture="gradient",
            widths_mm=(2.5, 2.6, 2.5, 2.6),
            outlines=(_line(_WHITE, 0.15, 0.3), _line(_GREY, 0.15, 0.25)),
            frames=_TYPES,
            tabs=(_STAGE,),
        ),
        Template(
            name="silver, grey line", border=_STEEL, outlines=(_line(_GREY),), frames=_TYPES, tabs=(_STAGE, _ICON)
        ),
    ),
    "asymmetric": (
        Template(
            name="silver trainer",
            border=_SILVER,
            widths_mm=(3.0, 5.7, 3.0, 2.6),
            outlines=(_line(_GREY),),
            frames=_PALE,
            interior="trainer",
        ),
        Template(
            name="yellow item",
            border=_YELLOW,
            widths_mm=(2.8, 2.8, 2.8, 6.0),
            outlines=(_line(_BROWN),),
            frames=_TYPES,
            interior="trainer",
            tabs=(_RIBBON,),
        ),
    ),
    "black on black": (
        Template(name="black", border=_BLACK, frames=_TYPES, corner_mm=0.0),
        Template(name="black, grey line", border=_BLACK, outlines=(_line(_GREY),), frames=_MORE_TYPES),
    ),
    "backs": (
        Template(name="blue back", border=_NAVY, widths_mm=(3.1,) * 4, frames=((176.0, 96.0, 52.0),), interior="back"),
    ),
    "full art": (
        Template(name="full art", border=None, frames=_TYPES, interior="art"),
        Template(name="soft full art", border=None, frames=_PALE, interior="art"),
    ),
    "ruled art": (Template(name="ruled art", border=None, frames=_TYPES, interior="art", rule_mm=2.2),),
    "foil border": (
        Template(name="foil, grey line", border=_STEEL, outlines=(_line(_GREY),), frames=_TYPES, foil=True),
    ),
    "white on paper": (
        Template(name="white", border=_WHITE, frames=_TYPES, corner_mm=0.0),
        Template(name="white, ink line", border=_WHITE, outlines=(_line(_INK),), frames=_PALE),
    ),
    "worn edges": (replace(_FIRST, name="worn yellow", worn_mm=0.5),),
    "tilt 15 to 30 degrees": (_FIRST,),
    "soft focus": (_FIRST,),
    "penny sleeve with a glare band": (_FIRST,),
}
REPORTED: Mapping[str, tuple[Template, ...]] = {
    "outlined, yellow": (
        _SECOND,
        Template(
            name="yellow, two lines",
            border=_YELLOW,
            widths_mm=(3.2, 3.1, 3.2, 3.1),
            outlines=(_line(_BROWN, 0.15, 0.2), _line(_WHITE, 0.15, 0.3)),
            frames=_MORE_TYPES,
            corner_mm=0.6,
        ),
        Template(name="amber, grey line", border=_AMBER, outlines=(_line(_GREY),), frames=_PALE, corner_mm=2.0),
    ),
    "outlined, silver": (
        Template(
            name="pearl, ink line",
            border=_PEARL,
            border_texture="gradient",
            widths_mm=(2.6, 2.6, 2.6, 2.6),
            outlines=(_line(_INK),),
            frames=_MORE_TYPES,
            tabs=(_STAGE, _MARK),
        ),
        Template(
            name="steel, pale line",
            border=_STEEL,
            widths_mm=(3.1, 3.0, 3.1, 3.0),
            outlines=(_line(_PEARL),),
            frames=_MORE_TYPES,
            tabs=(_RIBBON,),
        ),
    ),
    "asymmetric": (
        Template(
            name="steel supporter",
            border=_STEEL,
            widths_mm=(2.9, 6.1, 2.9, 3.0),
            outlines=(_line(_INK),),
            frames=_PALE,
            interior="trainer",
            tabs=(_ICON,),
        ),
        Template(
            name="yellow stadium",
            border=_LEMON,
            widths_mm=(3.0, 2.7, 3.0, 5.8),
            outlines=(_line(_GREY),),
            frames=_MORE_TYPES,
            interior="trainer",
        ),
    ),
    "black on black": (
        Template(name="soot", border=_SOOT, widths_mm=(3.3, 3.2, 3.3, 3.2), frames=_MORE_TYPES, corner_mm=1.2),
        Template(name="black, pale line", border=_BLACK, outlines=(_line(_PEARL),), frames=_TYPES, corner_mm=0.0),
    ),
    "backs": (
        Template(
            name="azure back",
            border=_AZURE,
            widths_mm=(3.4,) * 4,
            frames=((196.0, 132.0, 66.0),),
            texture="marble",
            interior="back",
        ),
    ),
    "full art": (
        Template(name="art to the cut", border=None, frames=_MORE_TYPES, interior="art"),
        Template(name="pale art to the cut", border=None, frames=_PALE, interior="art"),
    ),
    "ruled art": (Template(name="art with a rule", border=None, frames=_MORE_TYPES, interior="art", rule_mm=2.8),),
    "foil border": (
        Template(name="foil, ink line", border=_SILVER, outlines=(_line(_INK),), frames=_MORE_TYPES, foil=True),
    ),
    "white on paper": (
        Template(name="paper white", border=_WHITE, widths_mm=(3.2,) * 4, frames=_MORE_TYPES, corner_mm=1.2),
        Template(name="white, grey line", border=_WHITE, outlines=(_line(_GREY),), frames=_TYPES),
    ),
    "worn edges": (replace(_SECOND, name="worn lemon", worn_mm=0.5),),
    "tilt 15 to 30 degrees": (_SECOND,),
    "soft focus": (_SECOND,),
    "penny sleeve with a glare band": (_SECOND,),
}
