"""Logistic regression by Newton's method."""

import numpy as np
from numpy.typing import NDArray

from edge.recognition.evidence import Evidence

# Keeps weights finite where two features say the same, or everything is told apart.
_RIDGE = 1e-3
_STEPS = 60
_CONVERGED = 1e-8

Floats = NDArray[np.float64]


def features(evidence: Evidence) -> tuple[float, float, float, float]:
    """Distance, lead, separation, agreement; NaN for an agreement that was not looked at."""
    agreement = float("nan") if evidence.agreement is None else evidence.agreement
    return evidence.distance, evidence.lead, evidence.separation, agreement


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
