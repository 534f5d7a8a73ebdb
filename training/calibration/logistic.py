"""Logistic regression by Newton's method."""

import numpy as np
from numpy.typing import NDArray

from edge.recognition.evidence import Evidence

# Keeps weights finite where two features say the same, or everything is told apart.
_RIDGE = 1e-3
_STEPS = 60
_CONVERGED = 1e-8

# What `features` gives, in its order; the names are those of `Evidence` and of `EvidenceWeights`.
FEATURES = ("distance", "lead", "separation", "hash_lead", "agreement")

Floats = NDArray[np.float64]


def features(evidence: Evidence) -> tuple[float, ...]:
    """The evidence as numbers; NaN for what was not looked at."""
    found = (getattr(evidence, name) for name in FEATURES)
    return tuple(float("nan") if each is None else each for each in found)


def fit_logistic(rows: Floats, right: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Intercept and weights [F] of the log-odds that a row [N, F] is right, by maximum likelihood with a slight ridge.

    The ridge is on weights of features of variance 1, so that it does not depend on their units.
    """
    mean, deviation = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    design = np.column_stack([np.ones(len(rows)), (rows - mean) / deviation])
    ridge = _RIDGE * np.eye(design.shape[1])
    ridge[0, 0] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (likely - right) / len(rows) + ridge @ weights
        bend = (design * (likely * (1 - likely))[:, None]).T @ design / len(rows) + ridge + 1e-9 * np.eye(len(ridge))
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < _CONVERGED:
            break
    own = weights[1:] / deviation
    return float(weights[0] - own @ mean), own
