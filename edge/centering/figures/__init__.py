"""From edges to the figures that are told: places, borders, grades, drawings."""
