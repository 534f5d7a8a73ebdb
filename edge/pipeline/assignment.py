"""Optimal one-to-one assignment, for the handful of rows and columns that tracking needs."""

import numpy as np
from numpy.typing import NDArray


def best_pairs(benefit: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The one-to-one pairs of rows and columns with the greatest total benefit.

    Args:
        benefit: [R, C], 0 where a pair is impossible, otherwise positive.

    Returns:
        (row, column) pairs by ascending row; a row or column that gains nothing is in none.
    """
    rows, columns = benefit.shape
    if rows > columns:
        return sorted((row, column) for column, row in best_pairs(benefit.T))
    column_rows = _assign_rows(-benefit)
    pairs = [(row, column) for column, row in enumerate(column_rows) if row >= 0 and benefit[row, column] > 0]
    return sorted(pairs)


def _assign_rows(cost: NDArray[np.float64]) -> list[int]:
    """The row of each column (-1: none) in the assignment of every row at the least total cost; [R, C] with R <= C.

    Kuhn-Munkres by shortest augmenting paths with potentials (Jonker and Volgenant 1987), O(R^2 C). The last column is
    an artificial one in which each new row starts.
    """
    rows, columns = cost.shape
    row_potential, column_potential = np.zeros(rows), np.zeros(columns + 1)
    row_of = np.full(columns + 1, -1)
    for row in range(rows):
        row_of[columns] = row
        shortest, previous = np.full(columns, np.inf), np.full(columns, columns)
        reached = np.zeros(columns + 1, dtype=bool)
        column = columns
        while row_of[column] >= 0:
            reached[column] = True
            current = row_of[column]
            reduced = cost[current] - row_potential[current] - column_potential[:columns]
            open_columns = ~reached[:columns]
            closer = open_columns & (reduced < shortest)
            shortest[closer], previous[closer] = reduced[closer], column
            following = int(np.where(open_columns, shortest, np.inf).argmin())
            step = shortest[following]
            row_potential[row_of[reached]] += step
            column_potential[reached] -= step
            shortest[open_columns] -= step
            column = following
        while column != columns:
            row_of[column] = row_of[previous[column]]
            column = int(previous[column])
        row_of[columns] = -1
    return [int(row) for row in row_of[:columns]]
