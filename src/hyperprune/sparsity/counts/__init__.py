"""Numbers of weights: fractions as whole numbers, shares of a total, and the mask that keeps as many."""
