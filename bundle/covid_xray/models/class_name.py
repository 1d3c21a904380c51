"""The class path of ClassName in pipelines saved by version 0.1."""

from covid_xray.registry.class_name import ClassName as ClassName
