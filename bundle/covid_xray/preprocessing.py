"""The class path of LungField in pipelines saved by version 0.1, kept until version 0.3."""

from covid_xray.features.preprocessing import LungField as LungField
