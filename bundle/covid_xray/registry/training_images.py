"""What the tables hold of the images that a model was trained on."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from covid_xray.registry.saved import About
from covid_xray.storage.tables import Tables


def training_images(tables: Tables, about: About) -> DataFrame:
    """Return the rows of the table `images` of a model's training images, or those of them that it holds."""
    ids = tables.spark.createDataFrame([(name,) for name in about.image_ids], "image_id STRING")
    found = tables.read("images").join(F.broadcast(ids), "image_id", how="left_semi")
    return found.dropDuplicates(["image_id"])


def training_facts(tables: Tables, about: About) -> pd.DataFrame:
    """Return the same without pictures, with label and patient as the run had them, sorted by `image_id`.

    Those that the table `splits` no longer names in the model's run are left out.
    """
    facts = training_images(tables, about).drop("content", "signature", "label", "patient_id")
    of_task = tables.matching("splits", {"run_id": about.run_id, "task": about.task})
    # Every repeat has all images.
    used = of_task.where(F.col("repeat") == 0).select("image_id", "label", "patient_id").distinct()
    found: pd.DataFrame = facts.join(used, "image_id").toArrow().to_pandas()
    return found.sort_values("image_id", ignore_index=True)
