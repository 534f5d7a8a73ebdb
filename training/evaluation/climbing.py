"""Numbers that make data likelier, found by changing one at a time, and how well the data tell each."""

import math
from collections.abc import Callable, Mapping

Numbers = Mapping[str, float]

# A number is changed by so much; the last steps settle it to a twentieth.
FACTORS = (1.5, 1.2, 1.05)
# One number that is right gains less than this in 95 of 100 samples, by chance alone (Wilks, 1938).
LEAST_GAIN = 1.92
# Wide enough that places which come and go among those tried do not count.
BEND_STEP = 0.2
# Without an end, numbers that only matter together would be changed for hours.
MAX_ROUNDS = 8


def climbed(score: Callable[[Numbers], float], start: Numbers) -> dict[str, float]:
    """Numbers of a higher log-likelihood than those to start with; where none is clearly higher, these.

    Args:
        score: log-likelihood of the data with such numbers.
        start: to begin with; none of them is 0.
    """
    best, highest = dict(start), score(start)
    for factor in FACTORS:
        for _ in range(MAX_ROUNDS):
            before = highest
            for name in start:
                for scale in (factor, 1 / factor):
                    tried = best | {name: best[name] * scale}
                    found = score(tried)
                    if found > highest + LEAST_GAIN:
                        best, highest = tried, found
            if highest == before:
                break
    return best


def standard_errors(score: Callable[[Numbers], float], at: Numbers) -> dict[str, float | None]:
    """Standard error of each number by the bend of the log-likelihood where it is; None where it does not bend.

    Args:
        score: log-likelihood of the data with such numbers.
        at: the likeliest ones; none of them is 0.
    """
    return {name: _standard_error(score, at, name) for name in at}


def _standard_error(score: Callable[[Numbers], float], at: Numbers, name: str) -> float | None:
    step = BEND_STEP * abs(at[name])
    below, here, above = (score({**at, name: at[name] + change}) for change in (-step, 0.0, step))
    bend = (2 * here - below - above) / step**2
    return 1 / math.sqrt(bend) if bend > 0 else None
