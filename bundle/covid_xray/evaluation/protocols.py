"""Evaluation protocols: the values of the column `protocol`."""

from __future__ import annotations

# A random split by image, as in the published system: a patient may have training and held-out images.
AS_PUBLISHED = "as_published"
# Cross-validation in which all images of a patient are in the same fold.
PATIENT_GROUPED = "patient_grouped"
# External images, none of them used in training.
EXTERNAL = "external"
# Images of the positive class and of others, all of one source, none of them used in training.
CONTRAST = "contrast"

# Strictest first; the first protocol that a result has is its headline.
INTERNAL = (PATIENT_GROUPED, AS_PUBLISHED)
