"""Layout families of game cards: a name, a picture, rules and values in their places."""

from edge.simulator.layout import Composer
from edge.simulator.palette import mix
from edge.simulator.sets import TYPES
from edge.simulator.style import ink_on
from edge.simulator.text import Align, Rect


def _points(c: Composer) -> str:
    return str(int(c.content.integers(1, 35)) * 10)


def _name_bar(c: Composer, rect: Rect, *, plain: bool = False) -> None:
    """Name on the left, a number and the type icon on the right."""
    ink = ink_on(mix(*c.style.frame, 0.5)) if plain else c.panel(rect, c.style.accent)
    icon = rect.h * 0.82
    c.write(c.spec.name, Rect(rect.x + 1.2, rect.y, rect.w * 0.62, rect.h), ink)
    c.icon((rect.right - icon / 2 - 0.6, rect.center[1]), icon, c.spec.types[0])
    points = Rect(rect.right - icon - 11, rect.y, 10, rect.h)
    c.write(f"{_points(c)} HP", points, ink, size_mm=rect.h * 0.6, align="right")


def _attacks(c: Composer, rect: Rect, ink: tuple[float, float, float]) -> None:
    """One to three attacks: cost icons, name, damage, text."""
    count = int(c.content.integers(1, 4))
    height = rect.h / count
    for row in range(count):
        y = rect.y + row * height
        costs = int(c.content.integers(1, 4))
        for cost in range(costs):
            kind = c.spec.types[0] if cost == 0 else TYPES[int(c.content.integers(len(TYPES)))]
            c.icon((rect.x + 1.7 + 3.3 * cost, y + 1.9), 3.0, kind)
        name = f"{('Rapid', 'Dark', 'Hyper', 'Mega', 'Star')[c.content.integers(5)]} {c.spec.name.split()[0]}"
        c.write(name, Rect(rect.x + 1.2 + 3.4 * costs, y, rect.w * 0.5, 3.8), ink, size_mm=2.7)
        c.write(_points(c), Rect(rect.right - 10, y, 9.5, 3.8), ink, size_mm=3.0, align="right")
        if height > 7:
            c.rules(Rect(rect.x + 0.8, y + 4.0, rect.w - 1.6, height - 4.4), int(c.content.integers(5, 22)), ink)


def creature(c: Composer) -> None:
    """Name on top, art in the upper half, attacks below."""
    inner = c.inner.inset(c.shape.uniform(0.8, 2.2))
    bar, art = c.shape.uniform(4.6, 6.5), c.shape.uniform(28, 38)
    _name_bar(c, Rect(inner.x, inner.y, inner.w, bar), plain=bool(c.shape.random() < 0.5))
    margin = c.shape.choice([0.0, 1.5, 3.0])
    window = Rect(inner.x + margin, inner.y + bar + 0.8, inner.w - 2 * margin, art)
    c.window(window, radius_mm=float(c.shape.choice([0, 0, 1.5])))
    y = window.bottom + 0.8
    if c.shape.random() < 0.6:
        strip = Rect(inner.x + 4, y - 0.4, inner.w - 8, 2.4)
        ink = c.panel(strip, c.style.accent)
        c.rules(strip.inset(1, 0.1), 5, ink, flavor=True, align="center")
        y = strip.bottom + 0.6
    foot = inner.bottom - 5.0
    box = Rect(inner.x, y, inner.w, foot - y - 3.4)
    boxed = c.shape.random() < 0.6
    ink = c.panel(box) if boxed else ink_on(mix(*c.style.frame, 0.5))
    _attacks(c, box.inset(1.0), ink)
    base = ink_on(mix(*c.style.frame, 0.5))
    row = Rect(inner.x, foot - 3.1, inner.w, 2.8)
    for i, label in enumerate(("weakness", "resistance", "retreat")):
        cell = Rect(row.x + i * row.w / 3, row.y, row.w / 3, row.h)
        c.write(label, Rect(cell.x + 0.6, cell.y, cell.w * 0.6, cell.h), base, font=c.style.body_font, size_mm=1.6)
        c.icon((cell.right - 3, cell.center[1]), 2.4, TYPES[int(c.content.integers(len(TYPES)))])
    align: Align = "right" if c.shape.random() < 0.5 else "left"
    c.edition(Rect(inner.x + 0.6, foot + 0.1, inner.w - 1.2, 4.4), base, align, symbol_mm=4.2)
    side = inner.x + 0.5 if align == "right" else inner.right - 29
    c.small_print(Rect(side, foot + 1.6, 28.5, 1.6), base, "left" if align == "right" else "right")


def spell(c: Composer) -> None:
    """Title with costs, art, type line with the set symbol, text box, strength in the corner."""
    inner = c.inner.inset(c.shape.uniform(0.8, 1.8))
    bar, art = c.shape.uniform(5.0, 6.2), c.shape.uniform(34, 40)
    title = Rect(inner.x, inner.y, inner.w, bar)
    ink = c.panel(title)
    costs = int(c.content.integers(1, 6))
    c.write(c.spec.name, Rect(title.x + 1.3, title.y, title.w - 5 - 3.3 * costs, bar), ink)
    for cost in range(costs):
        kind = c.spec.types[cost % len(c.spec.types)]
        c.icon((title.right - 2.3 - 3.2 * cost, title.center[1]), 2.9, kind)
    window = Rect(inner.x + 0.8, title.bottom + 0.3, inner.w - 1.6, art)
    c.window(window)
    line = Rect(inner.x, window.bottom + 0.3, inner.w, bar)
    ink = c.panel(line)
    kind = ("Creature", "Sorcery", "Enchantment", "Artifact", "Land")[c.content.integers(5)]
    c.write(f"{kind} - {c.spec.types[0]}", Rect(line.x + 1.3, line.y, 28, bar), ink, size_mm=bar * 0.6)
    c.edition(Rect(line.x, line.y, line.w - 1.0, bar), ink, "right", symbol_mm=min(4.4, bar - 0.7))
    box = Rect(inner.x + 0.8, line.bottom + 0.3, inner.w - 1.6, inner.bottom - line.bottom - 3.6)
    ink = c.panel(box)
    used = c.rules(box.inset(1.3), int(c.content.integers(10, 38)), ink)
    if used < box.h * 0.6:
        c.rules(Rect(box.x + 1.3, box.y + used + 2.6, box.w - 2.6, box.h - used - 4.5), 12, ink, flavor=True)
    base = ink_on(mix(*c.style.frame, 0.5))
    c.small_print(Rect(inner.x + 1, box.bottom + 0.9, 32, 1.8), base)
    if c.content.random() < 0.7:
        corner = Rect(inner.right - 10.5, box.bottom - 3.2, 10, 5.2)
        ink = c.panel(corner, opacity=1.0, radius_mm=1.6)
        c.write(f"{c.content.integers(0, 9)}/{c.content.integers(1, 10)}", corner, ink, align="center")


def duel(c: Composer) -> None:
    """Name, row of stars, square art, text box with attack and defence."""
    inner = c.inner.inset(c.shape.uniform(1.2, 2.4))
    title = Rect(inner.x, inner.y, inner.w, c.shape.uniform(5.5, 7))
    ink = c.panel(title, mix(*c.style.frame, 0.3))
    c.write(c.spec.name.upper(), Rect(title.x + 1.5, title.y, title.w - 9, title.h), ink)
    c.icon((title.right - title.h / 2, title.center[1]), title.h * 0.85, c.spec.types[0])
    for level in range(int(c.content.integers(1, 10))):
        c.icon((inner.right - 3 - 3.9 * level, title.bottom + 2.7), 3.4, "Light", (40, 150, 235))
    side = inner.w - 2 * c.shape.uniform(2.5, 4.5)
    top = title.bottom + 5.2
    side = min(side, inner.bottom - top - 22)
    window = Rect(inner.center[0] - side / 2, top, side, side)
    c.window(window)
    base = ink_on(mix(*c.style.frame, 0.5))
    c.edition(Rect(window.x, window.bottom + 0.7, side, 4.0), base, "right", symbol_mm=4.0)
    box = Rect(inner.x + 1, window.bottom + 5.2, inner.w - 2, inner.bottom - window.bottom - 7.4)
    ink = c.panel(box)
    c.write(f"[{c.spec.types[0]} / Effect]", Rect(box.x + 1, box.y + 0.3, box.w - 2, 2.8), ink, size_mm=2.2)
    c.rules(Rect(box.x + 1, box.y + 3.2, box.w - 2, box.h - 6.6), int(c.content.integers(12, 40)), ink)
    stats = f"ATK/{int(c.content.integers(4, 40)) * 100}  DEF/{int(c.content.integers(4, 40)) * 100}"
    c.write(stats, Rect(box.x + 1, box.bottom - 3.2, box.w - 2, 2.9), ink, size_mm=2.5, align="right")
    c.small_print(Rect(inner.x + 1, inner.bottom - 1.9, inner.w - 2, 1.8), base, "right")


def overlay(c: Composer) -> None:
    """Art over the whole card, text on translucent panels."""
    c.full_art()
    inner = c.inner.inset(c.shape.uniform(1.0, 2.5))
    bar = c.shape.uniform(5, 7)
    if c.shape.random() < 0.5:
        ink = c.panel(Rect(inner.x, inner.y, inner.w, bar), opacity=c.shape.uniform(0.3, 0.9))
        halo = None
    else:
        ink, halo = (250, 250, 250), (20, 18, 18)
    c.write(c.spec.name, Rect(inner.x + 1.4, inner.y, inner.w * 0.68, bar), ink, halo=halo)
    c.icon((inner.right - bar / 2, inner.y + bar / 2), bar * 0.8, c.spec.types[0])
    share = c.shape.uniform(0.22, 0.36)
    box = Rect(inner.x, inner.bottom - inner.h * share, inner.w, inner.h * share - 5.4)
    ink = c.panel(box, opacity=c.shape.uniform(0.45, 0.9))
    if c.shape.random() < 0.5:
        _attacks(c, box.inset(1), ink)
    else:
        c.rules(box.inset(1.5), int(c.content.integers(10, 36)), ink)
    foot = Rect(inner.x, inner.bottom - 5.0, inner.w, 5.0)
    ink = c.panel(foot, opacity=c.shape.uniform(0.6, 1.0))
    align: Align = "right" if c.shape.random() < 0.5 else "left"
    c.edition(foot.inset(0.8, 0.2), ink, align, symbol_mm=4.2)
    side = foot.x + 0.8 if align == "right" else foot.right - 25
    c.small_print(Rect(side, foot.y + 1.6, 24, 1.7), ink, "left" if align == "right" else "right")


def support(c: Composer) -> None:
    """A header strip, art in the middle, text below, as trainers and items have it."""
    inner = c.inner.inset(0.8)
    header = Rect(inner.x, inner.y, inner.w, 4.2)
    ink = c.panel(header, c.style.accent)
    kind = ("TRAINER", "ITEM", "SUPPORT", "EVENT", "STADIUM")[c.content.integers(5)]
    c.write(kind, header.inset(1.2, 0), ink, align="right" if c.shape.random() < 0.5 else "center")
    base = ink_on(mix(*c.style.frame, 0.5))
    name = Rect(inner.x + 1.5, header.bottom + 0.5, inner.w - 3, 6.0)
    c.write(c.spec.name, name, base)
    window = Rect(inner.x + 2, name.bottom + 0.8, inner.w - 4, c.shape.uniform(30, 38))
    c.window(window, radius_mm=float(c.shape.choice([0.0, 4.0])))
    box = Rect(inner.x + 1.2, window.bottom + 1.5, inner.w - 2.4, inner.bottom - window.bottom - 8)
    ink = c.panel(box)
    c.rules(box.inset(1.5), int(c.content.integers(14, 45)), ink)
    c.edition(Rect(inner.x + 1.4, inner.bottom - 5.4, inner.w - 2.8, 4.4), base, "right")
    c.small_print(Rect(inner.x + 1.4, inner.bottom - 3.6, 25, 1.6), base)
