"""Evaluate: a registered model on labelled images that it was not trained on."""

from covid_xray.stages.evaluate.baselines import apply_baselines
from covid_xray.stages.evaluate.contrast import contrast
from covid_xray.stages.evaluate.external import evaluate
from covid_xray.stages.evaluate.judged import judge

__all__ = ["apply_baselines", "contrast", "evaluate", "judge"]
