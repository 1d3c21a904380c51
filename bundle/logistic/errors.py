"""What can go wrong in a fit, as one line that a person can act on."""


class LogisticError(ValueError):
    """Raised when features or labels cannot be fitted, or a fit does not converge."""
