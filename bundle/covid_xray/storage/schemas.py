"""The columns of every Delta table, in one place.

Tables that a task writes for one backbone are partitioned by `backbone`: appends, and overwrites limited to
the task's own partition, then never conflict with the tasks that run beside it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TableSchema:
    """A table's columns as SQL, what it holds, and what it is partitioned by."""

    columns: str
    comment: str
    partitioned_by: tuple[str, ...] = ()


TABLES: dict[str, TableSchema] = {
    "images": TableSchema(
        comment="Every image ever accepted, one row each",
        columns="""
            image_id STRING COMMENT 'sha256 of the file as found',
            path STRING COMMENT 'relative to the data folder: <Class>/<file>',
            label STRING COMMENT 'name of the class folder',
            patient_id STRING COMMENT 'a keyed hash where ingest had a key, in names of files too',
            source STRING COMMENT 'collection or hospital, given or told by a known dataset; null = unknown',
            width INT, height INT, format STRING, mode STRING, bytes BIGINT,
            original_width INT COMMENT 'before the resize, from manifest.csv',
            original_height INT, original_bytes BIGINT, original_format STRING, original_mode STRING,
            content BINARY COMMENT 'the picture as an encoded 8-bit grey or RGB file'
        """,
    ),
    "quarantine": TableSchema(
        comment="Files that a run refused, with the reason",
        columns="run_id STRING, path STRING, label STRING, reason STRING, detail STRING",
    ),
    "splits": TableSchema(
        comment="The images of a run and the fold that holds each out",
        columns="""
            run_id STRING, protocol STRING, task STRING, repeat INT,
            fold INT COMMENT 'the fold that holds the image out; null = always in training',
            image_id STRING, label STRING, patient_id STRING
        """,
    ),
    "features": TableSchema(
        comment="What a backbone sees in an image, computed once",
        partitioned_by=("backbone",),
        columns="""
            image_id STRING, backbone STRING,
            weights_id STRING COMMENT 'sha256 of the weights file',
            pooling STRING,
            preprocessing STRING COMMENT 'what of the picture, its version, and how it is brought to size',
            features BINARY COMMENT 'float32, little-endian: numpy.frombuffer(features, "<f4")'
        """,
    ),
    "gram": TableSchema(
        comment="Inner products of the features of all pairs of images, computed once",
        partitioned_by=("backbone",),
        columns="""
            backbone STRING, weights_id STRING, pooling STRING, preprocessing STRING,
            length INT COMMENT 'features of an image', image_ids ARRAY<STRING>,
            products BINARY COMMENT 'float64, little-endian, row by row in the order of image_ids'
        """,
    ),
    "predictions": TableSchema(
        comment="Predictions for images that the model did not see in training",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, kind STRING COMMENT 'backbone or baseline', backbone STRING, task STRING,
            protocol STRING, repeat INT, fold INT, image_id STRING, patient_id STRING,
            label STRING, prediction STRING, probability ARRAY<DOUBLE>,
            classes ARRAY<STRING> COMMENT 'the order of probability'
        """,
    ),
    "metrics": TableSchema(
        comment="Figures over held-out predictions, with 95 % intervals",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, kind STRING, backbone STRING, task STRING, protocol STRING,
            metric STRING, class STRING COMMENT 'null where the figure is over all classes',
            value DOUBLE, ci_low DOUBLE, ci_high DOUBLE, n BIGINT, n_patients BIGINT
        """,
    ),
    "comparisons": TableSchema(
        comment="Differences in accuracy between two classifiers on the same held-out images",
        columns="""
            run_id STRING, task STRING, protocol STRING,
            first_kind STRING COMMENT 'backbone or baseline', first STRING,
            second_kind STRING, second STRING,
            difference DOUBLE COMMENT 'accuracy of the first minus that of the second, mean over repeats',
            ci_low DOUBLE COMMENT 'of a bootstrap over patients, both resampled together', ci_high DOUBLE,
            first_only BIGINT COMMENT 'images of repeat 0 that only the first has right', second_only BIGINT,
            p_value DOUBLE COMMENT 'exact McNemar test on repeat 0',
            p_holm DOUBLE COMMENT 'the same after Holm, within task and protocol',
            n BIGINT, n_patients BIGINT
        """,
    ),
    "explanations": TableSchema(
        comment="Where in a held-out image a classifier finds what speaks for each class",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, backbone STRING,
            weights_id STRING COMMENT 'sha256 of the weights file',
            task STRING, protocol STRING, repeat INT, fold INT, image_id STRING, patient_id STRING,
            label STRING, prediction STRING, classes ARRAY<STRING>,
            grid INT COMMENT 'cells in a row, and in a column, of a map',
            maps ARRAY<FLOAT> COMMENT 'part of each cell in the centred logit: by class, then row by row',
            box_share DOUBLE COMMENT 'how much of the positive mass of the predicted class is in the lung box'
        """,
    ),
    "scores": TableSchema(
        comment="What registered models say of new images",
        columns="""
            image_id STRING COMMENT 'sha256 of the file as found',
            path STRING COMMENT 'relative to the scored folder',
            model STRING, model_version STRING, weights_id STRING COMMENT 'sha256 of the weights file',
            classes ARRAY<STRING> COMMENT 'the order of probability', probability ARRAY<DOUBLE>,
            prediction STRING,
            distance DOUBLE COMMENT 'of the features to the training mean, 1 for the typical training image',
            out_of_distribution BOOLEAN COMMENT 'no training image is so near to the mean, or none so far',
            scored_at TIMESTAMP
        """,
    ),
    "runs": TableSchema(
        comment="Each run of a backbone on a task, and how it ended",
        # Every state of a row replaces a whole partition: no file has to be looked into or written anew.
        partitioned_by=("run_id", "backbone", "task"),
        columns="""
            run_id STRING, inputs_id STRING, backbone STRING, task STRING,
            status STRING COMMENT 'pending, running, succeeded or failed', error STRING,
            weights STRING COMMENT 'imagenet, file or random',
            weights_source STRING COMMENT 'what was asked for: imagenet, random or a path',
            weights_store STRING COMMENT 'folder of fetched and random weights, which the workers see too',
            weights_file STRING COMMENT 'what featurize found there', weights_id STRING COMMENT 'its sha256',
            settings STRING COMMENT 'the validated settings as JSON: what every task of the run goes by',
            versions STRING COMMENT 'of Python and the libraries, as JSON', git_commit STRING,
            featurize_seconds DOUBLE, featurized_images BIGINT, train_seconds DOUBLE,
            updated_at TIMESTAMP
        """,
    ),
}
