"""The columns of every Delta table, in one place.

Tables that a task writes for one backbone are partitioned by `backbone`: appends, and overwrites limited to
the task's own partition, then never conflict with tasks that run in parallel.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TableSchema:
    """A table's columns as SQL, its comment and its partition columns."""

    columns: str
    comment: str
    partitioned_by: tuple[str, ...] = ()


TABLES: dict[str, TableSchema] = {
    "images": TableSchema(
        comment="All accepted images, one row per image",
        columns="""
            image_id STRING COMMENT 'sha256 of the original file',
            pixel_id STRING COMMENT 'sha256 of the decoded picture: equal for copies in any format',
            path STRING COMMENT 'relative to the data folder: <Class>/<file>',
            label STRING COMMENT 'name of the class folder',
            patient_id STRING COMMENT 'keyed hash if ingest was given a key, also in file names',
            source STRING COMMENT 'collection or hospital, given or told by a known dataset; null = unknown',
            view STRING COMMENT 'PA, AP, AP supine, lateral or other; null = unknown, as for sex and age',
            sex STRING COMMENT 'F or M', age INT COMMENT 'whole years; 90 stands for 90 and older',
            width INT, height INT, format STRING, mode STRING, bytes BIGINT,
            original_width INT COMMENT 'before resizing, from manifest.csv',
            original_height INT, original_bytes BIGINT, original_format STRING, original_mode STRING,
            content BINARY COMMENT 'encoded 8-bit grey or RGB image',
            signature BINARY COMMENT '40 x 40 grey values that hardly differ between copies, row by row'
        """,
    ),
    "quarantine": TableSchema(
        comment="Files that a run refused, with the reason",
        columns="run_id STRING, path STRING, label STRING, reason STRING, detail STRING",
    ),
    "near_duplicates": TableSchema(
        comment="Copies among the images of a run: resized, encoded again, brightened or cropped",
        columns="""
            run_id STRING,
            found STRING COMMENT 'pair, none, or too_alike: all images resemble each other; one row a run',
            image_id STRING COMMENT 'null, as all that follows, unless a pair was found', path STRING,
            label STRING, patient_id STRING,
            other_image_id STRING, other_path STRING, other_label STRING, other_patient_id STRING,
            similarity DOUBLE COMMENT 'correlation of their details'
        """,
    ),
    "splits": TableSchema(
        comment="The images of a run and the fold in which each is held out",
        columns="""
            run_id STRING, protocol STRING, task STRING, repeat INT,
            fold INT COMMENT 'fold in which the image is held out; null = always in training',
            image_id STRING, label STRING, patient_id STRING, source STRING COMMENT 'as in images'
        """,
    ),
    "features": TableSchema(
        comment="Feature vectors of images, one per image, backbone and feature key",
        partitioned_by=("backbone",),
        columns="""
            image_id STRING, backbone STRING COMMENT 'Fused = those of several networks, side by side',
            weights_id STRING COMMENT 'sha256 of the weights file',
            pooling STRING COMMENT 'with the dimensionality and the version of the projection, if any',
            preprocessing STRING COMMENT 'with its version, the scale hint, and the precision if not float32',
            features BINARY COMMENT 'float32, little-endian: numpy.frombuffer(features, "<f4")'
        """,
    ),
    "gram": TableSchema(
        comment="Gram matrices: inner products of the features of all pairs of images, minus their mean",
        partitioned_by=("backbone",),
        columns="""
            backbone STRING, weights_id STRING, pooling STRING, preprocessing STRING,
            length INT COMMENT 'features per image', image_ids ARRAY<STRING>,
            products BINARY COMMENT 'float64, little-endian, row-major, in the order of image_ids'
        """,
    ),
    "predictions": TableSchema(
        comment="Predictions for held-out images",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, kind STRING COMMENT 'backbone, baseline, or what was hidden from the backbone',
            backbone STRING, task STRING,
            protocol STRING, repeat INT, fold INT, image_id STRING, patient_id STRING,
            label STRING, prediction STRING, probability ARRAY<DOUBLE>,
            classes ARRAY<STRING> COMMENT 'the order of probability'
        """,
    ),
    "metrics": TableSchema(
        comment="Metrics on held-out images, with 95 % confidence intervals",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, kind STRING, backbone STRING, task STRING, protocol STRING,
            metric STRING, class STRING COMMENT 'null for metrics over all classes',
            value DOUBLE, ci_low DOUBLE, ci_high DOUBLE, n BIGINT, n_patients BIGINT
        """,
    ),
    "strata": TableSchema(
        comment="Metrics of networks on groups of held-out images, with 95 % confidence intervals",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, kind STRING, backbone STRING, task STRING, protocol STRING,
            attribute STRING COMMENT 'view, sex, age or source', stratum STRING,
            metric STRING, class STRING COMMENT 'the positive one; null for accuracy',
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
            ci_low DOUBLE COMMENT 'paired bootstrap over patients', ci_high DOUBLE,
            first_only BIGINT COMMENT 'images of repeat 0 that only the first classifies correctly',
            second_only BIGINT,
            p_value DOUBLE COMMENT 'exact McNemar test on repeat 0',
            p_holm DOUBLE COMMENT 'p_value after Holm correction within task and protocol',
            n BIGINT, n_patients BIGINT
        """,
    ),
    "explanations": TableSchema(
        comment="Class-activation maps of held-out images",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, backbone STRING,
            weights_id STRING COMMENT 'sha256 of the weights file',
            task STRING, protocol STRING, repeat INT, fold INT, image_id STRING, patient_id STRING,
            label STRING, prediction STRING, classes ARRAY<STRING>,
            grid INT COMMENT 'cells per row and per column of a map',
            maps ARRAY<FLOAT> COMMENT 'contribution of each cell to the centred logit; by class, row-major',
            box_share DOUBLE COMMENT 'share of the positive mass of the predicted class inside the lung box'
        """,
    ),
    "source_probes": TableSchema(
        comment="How well the features of a network tell the sources of one class apart",
        partitioned_by=("backbone",),
        columns="""
            run_id STRING, backbone STRING, weights_id STRING COMMENT 'sha256 of the weights file',
            label STRING COMMENT 'the class',
            source STRING COMMENT 'told from the other sources of the class',
            is_control BOOLEAN COMMENT 'a random half of the patients of source told from the other half',
            auroc DOUBLE COMMENT 'of probability for is_source, mean over folds',
            ci_low DOUBLE, ci_high DOUBLE,
            n BIGINT, n_patients BIGINT,
            image_ids ARRAY<STRING>, is_source ARRAY<BOOLEAN>,
            fold ARRAY<INT> COMMENT 'that held the image out',
            probability ARRAY<DOUBLE> COMMENT 'by a classifier that had not seen the patient'
        """,
    ),
    "scores": TableSchema(
        comment="Predictions of registered models for new images",
        columns="""
            image_id STRING COMMENT 'sha256 of the original file',
            pixel_id STRING COMMENT 'as in images',
            path STRING COMMENT 'relative to the scored folder',
            model STRING, model_version STRING, weights_id STRING COMMENT 'sha256 of the weights file',
            classes ARRAY<STRING> COMMENT 'the order of probability', probability ARRAY<DOUBLE>,
            prediction STRING,
            distance DOUBLE COMMENT 'of the features from the training mean; 1 is typical in training',
            out_of_distribution BOOLEAN COMMENT 'distance is outside the range of the training images',
            scored_at TIMESTAMP
        """,
    ),
    "runs": TableSchema(
        comment="One row per run, backbone and task, with its status",
        # Each status change replaces a whole partition, so no data file has to be scanned or rewritten.
        partitioned_by=("run_id", "backbone", "task"),
        columns="""
            run_id STRING, inputs_id STRING, backbone STRING, task STRING,
            status STRING COMMENT 'pending, running, succeeded or failed', error STRING,
            weights STRING COMMENT 'imagenet, file or random',
            weights_source STRING COMMENT 'as requested: imagenet, random or a path',
            weights_store STRING COMMENT 'folder of downloaded and random weights, for the workers',
            weights_file STRING COMMENT 'resolved by featurize',
            weights_id STRING COMMENT 'sha256 of the weights file',
            settings STRING COMMENT 'validated settings as JSON, read by every later task of the run',
            versions STRING COMMENT 'versions of Python and of the libraries, as JSON', git_commit STRING,
            patient_rows BIGINT COMMENT 'rows of the patients and metadata files about classes of the folder',
            unmatched_patient_rows BIGINT COMMENT 'those of them that name no image of the folder',
            images_of_unknown_patients BIGINT COMMENT 'whose patient neither that file nor their name tells',
            featurize_seconds DOUBLE, featurized_images BIGINT, train_seconds DOUBLE,
            updated_at TIMESTAMP
        """,
    ),
}
