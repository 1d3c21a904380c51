"""How good classifiers are: protocols, splits, cross-validation, metrics, comparisons, and their results."""
