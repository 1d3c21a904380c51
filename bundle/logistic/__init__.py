"""L2-penalised logistic regression on more columns than rows: exact, and many at once."""
