"""Evaluation protocols: the values of the column `protocol`."""

from __future__ import annotations

# A random split by image, as in the published system: a patient may have training and held-out images.
AS_PUBLISHED = "as_published"
# Cross-validation in which all images of a patient are in the same fold.
PATIENT_GROUPED = "patient_grouped"
# The folds are the sources that hold every class of the task: all images of one are held out together.
LEAVE_ONE_SOURCE_OUT = "leave_one_source_out"
# External images, none of them used in training.
EXTERNAL = "external"
# Images of the positive class and of others, all of one source, none of them used in training.
CONTRAST = "contrast"

# The first protocol that a result has is its headline, so the one that few datasets allow comes last.
INTERNAL = (PATIENT_GROUPED, AS_PUBLISHED, LEAVE_ONE_SOURCE_OUT)
# No patient may be on both sides of a fold of these.
WITHOUT_LEAKS = (PATIENT_GROUPED, LEAVE_ONE_SOURCE_OUT)
