"""Deep Learning Pipelines for today's Spark.

Importing this package loads neither Spark nor TensorFlow. The names that need Spark are imported on first
use, so that a Python worker can import `sparkdl.images` or `sparkdl.network` without `pyspark.ml` and what
that brings (SciPy and pandas). TensorFlow is loaded where and when the first image reaches a network.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sparkdl.errors import SchemaError, SparkdlError, WeightsError

if TYPE_CHECKING:
    from sparkdl.featurizer import DeepImageFeaturizer
    from sparkdl.image import imageIO
    from sparkdl.keras_estimator import KerasImageFileEstimator
    from sparkdl.keras_image import KerasImageFileTransformer
    from sparkdl.keras_tensor import KerasTransformer
    from sparkdl.predictor import DeepImagePredictor
    from sparkdl.schema import imageSchema
    from sparkdl.udf.keras_image_model import registerKerasImageUDF
else:
    _NEEDS_SPARK = {
        "DeepImageFeaturizer": "sparkdl.featurizer",
        "DeepImagePredictor": "sparkdl.predictor",
        "KerasImageFileEstimator": "sparkdl.keras_estimator",
        "KerasImageFileTransformer": "sparkdl.keras_image",
        "KerasTransformer": "sparkdl.keras_tensor",
        "imageIO": "sparkdl.image",
        "imageSchema": "sparkdl.schema",
        "registerKerasImageUDF": "sparkdl.udf.keras_image_model",
    }

    def __getattr__(name: str) -> Any:
        """Import a public name that needs Spark (PEP 562)."""
        if name in _NEEDS_SPARK:
            return getattr(import_module(_NEEDS_SPARK[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "DeepImageFeaturizer",
    "DeepImagePredictor",
    "KerasImageFileEstimator",
    "KerasImageFileTransformer",
    "KerasTransformer",
    "SchemaError",
    "SparkdlError",
    "WeightsError",
    "imageIO",
    "imageSchema",
    "registerKerasImageUDF",
]
