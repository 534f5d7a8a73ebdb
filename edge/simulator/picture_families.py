"""Layout families in which the picture, or one symbol, is the card: photographs, tarot, sagas, split cards."""

from edge.simulator.layout import Composer
from edge.simulator.palette import mix, random_palette, scaled
from edge.simulator.sets import TYPES
from edge.simulator.style import ink_on
from edge.simulator.symbols import TYPE_GLYPHS, set_glyph
from edge.simulator.text import Rect


def photo(c: Composer) -> None:
    """A large picture with a banner at the bottom, like a sports card."""
    inner = c.inner
    banner_height = c.shape.uniform(10, 17)
    on_top = c.shape.random() < 0.2
    banner = Rect(inner.x, inner.y if on_top else inner.bottom - banner_height, inner.w, banner_height)
    picture = Rect(inner.x, inner.y + (banner_height if on_top else 0), inner.w, inner.h - banner_height)
    if c.style.border is None:
        c.full_art()
        banner = banner.inset(-2.5)
    else:
        c.window(picture.inset(float(c.shape.choice([0.0, 1.2, 2.5]))), radius_mm=float(c.shape.choice([0, 3.0])))
    ink = c.panel(banner, c.style.accent, opacity=1.0, radius_mm=0.0)
    safe = Rect(inner.x + 2, banner.y + 1.2, inner.w - 4, banner.h - 2.4)
    c.write(c.spec.name.upper(), Rect(safe.x, safe.y, safe.w * 0.75, safe.h * 0.5), ink)
    team = f"{c.spec.types[0]} - {('Center', 'Forward', 'Guard', 'Pitcher', 'Keeper')[c.content.integers(5)]}"
    c.write(team, Rect(safe.right - 22, safe.bottom - 3.4, 22, 2.8), ink, size_mm=2.0, align="right")
    c.edition(Rect(safe.x, safe.bottom - 4.6, safe.w, 4.2), ink, "left", symbol_mm=4.0)
    size = c.shape.uniform(7, 11)
    c.icon((inner.right - size * 0.8, banner.y if not on_top else banner.bottom), size, c.spec.types[0])


def minimal(c: Composer) -> None:
    """One to three large figures on a plain ground."""
    inner = c.inner
    ground = mix(c.style.panel, (250, 250, 250), 0.4)
    c.panel(inner, ground, opacity=1.0, radius_mm=0.0)
    count = int(c.content.integers(1, 4))
    glyph = set_glyph(c.spec.art_seed)
    palette = random_palette(c.content)
    color = scaled(palette.pick(c.content), 0.8)
    step = min(17.0, inner.h / (count + 1))
    for i in range(count):
        y = inner.center[1] + (i - (count - 1) / 2) * step
        c.mark((inner.center[0], y), step * 0.8 if count > 1 else 34.0, glyph, color)
    ink = ink_on(ground)
    c.write(c.spec.name, Rect(inner.x + 3, inner.y + 2, inner.w - 6, 4.5), ink, align="center")
    c.edition(Rect(inner.x + 2, inner.bottom - 6, inner.w - 4, 4.4), ink, "left")


def energy(c: Composer) -> None:
    """A giant symbol in the middle of a picture or a pattern."""
    c.full_art()
    inner = c.inner.inset(1.5)
    size = c.shape.uniform(26, 42)
    if c.shape.random() < 0.5:
        c.icon(inner.center, size, c.spec.types[0])
    else:
        c.mark(inner.center, size, TYPE_GLYPHS[c.spec.types[0]], ink_on(c.style.accent))
    bar = Rect(inner.x, inner.y, inner.w, 6.5)
    ink = c.panel(bar, c.style.accent)
    c.write(c.spec.name, bar.inset(1.5, 0), ink, align="center" if c.shape.random() < 0.5 else "left")
    foot = Rect(inner.x, inner.bottom - 5.4, inner.w, 5.4)
    c.edition(foot.inset(1, 0.4), c.panel(foot, c.style.accent), "right")


def saga(c: Composer) -> None:
    """Tall art on one side, a column of text on the other."""
    inner = c.inner.inset(1.2)
    title = Rect(inner.x, inner.y, inner.w, 6.0)
    ink = c.panel(title)
    c.write(c.spec.name, title.inset(1.4, 0), ink)
    foot = Rect(inner.x, inner.bottom - 5.4, inner.w, 5.4)
    column = inner.w * c.shape.uniform(0.38, 0.56)
    body = Rect(inner.x, title.bottom + 0.6, column, foot.y - title.bottom - 1.2)
    art = Rect(body.right + 0.6, body.y, inner.w - column - 0.6, body.h)
    if c.shape.random() < 0.5:
        body, art = Rect(inner.right - column, body.y, column, body.h), Rect(inner.x, art.y, art.w, art.h)
    c.window(art)
    ink = c.panel(body)
    y = body.y + 1.2
    for _ in range(int(c.content.integers(2, 5))):
        if y + 8 > body.bottom:
            break
        c.icon((body.x + 2.6, y + 2.4), 3.6, c.spec.types[-1])
        y += max(6.0, c.rules(Rect(body.x + 5.4, y, body.w - 6.2, min(16.0, body.bottom - y - 1)), 12, ink)) + 2
    c.edition(foot.inset(1, 0.4), c.panel(foot), "left")


def tarot(c: Composer) -> None:
    """An arched or oval picture between a numeral and a name banner."""
    inner = c.inner.inset(c.shape.uniform(2, 4))
    base = ink_on(mix(*c.style.frame, 0.5))
    numeral = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")[c.content.integers(12)]
    c.write(numeral, Rect(inner.x, inner.y, inner.w, 5.4), base, align="center")
    window = Rect(inner.x + 1, inner.y + 6, inner.w - 2, inner.h - 21)
    c.window(window, "arch" if c.shape.random() < 0.6 else "ellipse")
    banner = Rect(inner.x, window.bottom + 1, inner.w, 7.5)
    c.write(c.spec.name, banner.inset(2, 0), c.panel(banner, c.style.accent), align="center")
    c.edition(Rect(inner.x + 1, inner.bottom - 5, inner.w - 2, 4.4), base, "right")


def split(c: Composer) -> None:
    """Two pictures, one above the other, each with its name."""
    inner = c.inner.inset(1.0)
    share = c.shape.uniform(0.4, 0.6)
    upper = Rect(inner.x, inner.y, inner.w, inner.h * share - 0.5)
    lower = Rect(inner.x, upper.bottom + 1, inner.w, inner.h - upper.h - 1)
    for part, half in enumerate((upper, lower)):
        c.window(half, part=part, radius_mm=c.style.panel_radius_mm)
        bar = Rect(half.x + 1, half.y + 1, half.w - 2, 5.0)
        c.write(c.spec.name if part == 0 else c.spec.name[::-1].title(), bar.inset(1.2, 0), c.panel(bar))
        box = Rect(half.x + 1, half.bottom - 10 - 5 * part, half.w - 2, 9)
        c.rules(box.inset(1), int(c.content.integers(6, 16)), c.panel(box))
    foot = Rect(lower.x + 1, lower.bottom - 5.6, lower.w - 2, 5.0)
    c.edition(foot.inset(0.8, 0.3), c.panel(foot), "left", symbol_mm=4.2)


def orb(c: Composer) -> None:
    """A round picture with values in the four corners."""
    inner = c.inner.inset(1.5)
    size = inner.w * c.shape.uniform(0.8, 0.98)
    middle = inner.y + 8 + size / 2
    c.window(Rect(inner.center[0] - size / 2, middle - size / 2, size, size), "ellipse")
    for x, y in ((inner.x + 5, inner.y + 5), (inner.right - 5, inner.y + 5)):
        c.icon((x, y), 9.0, TYPES[int(c.content.integers(len(TYPES)))])
    banner = Rect(inner.x + 2, middle + size / 2 - 4, inner.w - 4, 7.0)
    c.write(c.spec.name, banner.inset(1.5, 0), c.panel(banner, c.style.accent, opacity=1.0), align="center")
    box = Rect(inner.x + 1, banner.bottom + 0.8, inner.w - 2, inner.bottom - banner.bottom - 6.6)
    c.rules(box.inset(1.4), int(c.content.integers(8, 30)), c.panel(box), align="center")
    base = ink_on(mix(*c.style.frame, 0.5))
    c.edition(Rect(inner.x + 1, inner.bottom - 5, inner.w - 2, 4.4), base, "left")
