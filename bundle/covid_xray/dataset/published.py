"""What the original project published, to stand beside a run's own figures.

Source: README of the CSE 6250 project (Georgia Tech, fall 2020) that this system rebuilds. Each figure comes
from one random 80/20 split. Of the other runs no figures are given in its text.
"""

from __future__ import annotations

PUBLISHED_ACCURACY = {
    ("VGG16", "binary"): 1.00,
    ("VGG19", "binary"): 0.985,
    ("ResNet50", "binary"): 0.993,
    ("VGG16", "multiclass"): 0.872,
}
PUBLISHED_RECALL = {
    ("VGG16", "binary", "Covid-19"): 1.00,
    ("VGG19", "binary", "Covid-19"): 1.00,
    ("ResNet50", "binary", "Covid-19"): 0.96,
    ("VGG16", "multiclass", "Covid-19"): 0.83,
    ("VGG16", "multiclass", "Pneumonia"): 0.82,
}
