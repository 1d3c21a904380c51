"""The ways in which images are held out: what the column `protocol` holds."""

from __future__ import annotations

# A random fifth of the images, as in the published system: one patient may stand on both sides.
AS_PUBLISHED = "as_published"
# Folds that no patient crosses, each held out once.
PATIENT_GROUPED = "patient_grouped"
# Images from elsewhere, of which training has seen nothing.
EXTERNAL = "external"

# From the strictest; the first that a result was measured with is its headline.
INTERNAL = (PATIENT_GROUPED, AS_PUBLISHED)
