"""L2-penalised logistic regression on more columns than rows: exact, many at once, and as an Estimator.

Importing this package does not load Spark. The names that need Spark are imported on first use, so that
`logistic.row_space` and what it rests on work with NumPy arrays and SciPy alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from logistic.errors import LogisticError

if TYPE_CHECKING:
    from logistic.estimator import WideLogisticRegression
    from logistic.model import WideLogisticRegressionModel
else:
    _NEEDS_SPARK = {
        "WideLogisticRegression": "logistic.estimator",
        "WideLogisticRegressionModel": "logistic.model",
    }

    def __getattr__(name: str) -> Any:
        """Import a public name that needs Spark (PEP 562)."""
        if name in _NEEDS_SPARK:
            return getattr(import_module(_NEEDS_SPARK[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["LogisticError", "WideLogisticRegression", "WideLogisticRegressionModel"]
