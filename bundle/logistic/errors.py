"""The error of this package. Its message is one line that says what to change."""


class LogisticError(ValueError):
    """Raised when features or labels cannot be fitted, or a fit does not converge."""
