"""Images as Spark's image schema holds them, under the module names of Deep Learning Pipelines 1.5."""

from sparkdl.image import imageIO as imageIO
