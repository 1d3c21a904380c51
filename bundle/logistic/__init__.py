"""L2-penalised logistic regression to convergence, many fits at once, and as an Estimator.

`logistic.row_space` is for more columns than rows, `logistic.batched` for more rows than columns. Importing
this package does not load Spark: names that need it are imported on first use, so that those two and what
they rest on work with NumPy arrays and SciPy alone.
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
