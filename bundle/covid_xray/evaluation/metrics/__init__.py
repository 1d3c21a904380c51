"""Metrics of held-out predictions and the differences between classifiers, with 95 % intervals.

Pure functions over pandas frames. A metric is one record (`metric.Metric`), computed in each repeat, then
averaged; what its interval resamples is patients, since the images of one patient resemble each other.
"""

from covid_xray.evaluation.metrics.estimates import Estimate as Estimate
from covid_xray.evaluation.metrics.estimates import estimates as estimates
from covid_xray.evaluation.metrics.metric import Metric as Metric
from covid_xray.evaluation.metrics.paired import Difference as Difference
from covid_xray.evaluation.metrics.paired import difference as difference
from covid_xray.evaluation.metrics.paired import holm as holm
from covid_xray.evaluation.metrics.records import METRICS as METRICS
from covid_xray.evaluation.metrics.records import shown_in as shown_in
