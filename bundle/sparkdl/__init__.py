"""Deep Learning Pipelines' DeepImageFeaturizer for today's Spark.

Importing this package loads no TensorFlow: a network is built where and when images reach it.
"""

from sparkdl.errors import SchemaError, SparkdlError, WeightsError
from sparkdl.featurizer import DeepImageFeaturizer
from sparkdl.images import imageSchema

__all__ = ["DeepImageFeaturizer", "SchemaError", "SparkdlError", "WeightsError", "imageSchema"]
