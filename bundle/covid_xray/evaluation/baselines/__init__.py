"""Baselines, classifiers that see too little to judge a lung: their records, their inputs, their fits."""

from covid_xray.evaluation.baselines.records import BASELINES as BASELINES
from covid_xray.evaluation.baselines.records import Baseline as Baseline
from covid_xray.evaluation.baselines.records import sees as sees
