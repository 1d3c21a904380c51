"""Figures over held-out predictions and the differences between classifiers, with 95 % intervals.

Pure functions over pandas frames. A figure is computed in each repeat, then averaged; what its interval
resamples is patients, since the images of one patient resemble each other.
"""

from covid_xray.evaluation.metrics.paired import Difference as Difference
from covid_xray.evaluation.metrics.paired import difference as difference
from covid_xray.evaluation.metrics.paired import holm as holm
from covid_xray.evaluation.metrics.summary import Figure as Figure
from covid_xray.evaluation.metrics.summary import figures as figures
