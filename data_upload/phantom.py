"""Draw synthetic chest X-rays: crude anatomy, and a pattern of disease that differs between the classes.

They make it possible to try every command without data. They teach nothing about disease.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

HEIGHT, WIDTH = 300, 256

Field = npt.NDArray[np.float64]


def draw_phantom(label: str, body: np.random.Generator, view: np.random.Generator) -> Image.Image:
    """Draw one picture.

    Parameters
    ----------
    label : str
        A key of `PATTERNS`.
    body : numpy.random.Generator
        Draws what belongs to the patient: proportions and disease.
    view : numpy.random.Generator
        Draws what belongs to this picture: position, exposure and noise.

    Returns
    -------
    PIL.Image.Image
        Mode `L`, 256x300 pixels. Classes differ only in the pattern of disease.
    """
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH] / WIDTH
    across = across - 0.5 + view.normal(0, 0.01)
    down = down - 0.58 + view.normal(0, 0.01)
    width = body.normal(1.0, 0.05)
    x = across / width
    image = 0.78 * _ellipse(x, down, (0.0, 0.12), (0.47, 0.72), 0.03)
    lungs = np.maximum(*(_ellipse(x, down, (side * 0.205, 0.0), (0.155, 0.36), 0.025) for side in (-1, 1)))
    air = 0.5 * lungs * (1 - PATTERNS[label](x, down, body))
    image = image - air + _bones(x, down, body) + _heart(x, down, body)
    exposed = image * view.normal(1.0, 0.05) + view.normal(0, 0.02) + view.normal(0, 0.02, image.shape)
    picture = Image.fromarray((np.clip(exposed, 0, 1) * 255).astype(np.uint8))
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def _clear(x: Field, y: Field, body: np.random.Generator) -> Field:
    return np.zeros_like(x)


def _lobar(x: Field, y: Field, body: np.random.Generator) -> Field:
    """One dense consolidation in one lung, as in bacterial pneumonia."""
    centre = (body.choice([-1, 1]) * body.uniform(0.17, 0.24), body.uniform(-0.05, 0.2))
    return 0.85 * _ellipse(x, y, centre, (body.uniform(0.07, 0.1), body.uniform(0.09, 0.13)), 0.05)


def _peripheral(x: Field, y: Field, body: np.random.Generator) -> Field:
    """Ground-glass patches along the outer edges of both lungs, as reported for COVID-19."""
    haze = np.zeros_like(x)
    for side in (-1, 1):
        for _ in range(body.integers(3, 6)):
            centre = (side * body.uniform(0.25, 0.33), body.uniform(-0.15, 0.28))
            patch = _ellipse(x, y, centre, (body.uniform(0.03, 0.06), body.uniform(0.04, 0.08)), 0.04)
            haze = np.maximum(haze, body.uniform(0.35, 0.6) * patch)
    return haze


PATTERNS: dict[str, Callable[[Field, Field, np.random.Generator], Field]] = {
    "Covid-19": _peripheral,
    "No_findings": _clear,
    "Pneumonia": _lobar,
}


def _bones(x: Field, y: Field, body: np.random.Generator) -> Field:
    spine = 0.16 * _soft(0.045 - np.abs(x), 0.012)
    inside = _ellipse(x, y, (0.0, 0.02), (0.42, 0.44), 0.02)
    distance = body.normal(0.088, 0.003)
    # Ribs slope down from the spine to the sides.
    phase = (y - 0.35 * x**2 - 0.25 * np.abs(x)) % distance - distance / 2
    ribs = 0.1 * _soft(0.013 - np.abs(phase), 0.006) * inside * _soft(np.abs(x) - 0.05, 0.02)
    clavicles = (
        0.15 * _soft(0.014 - np.abs(y + 0.36 + 0.25 * np.abs(x)), 0.006) * _soft(0.4 - np.abs(x), 0.02)
    )
    bones: Field = spine + ribs + clavicles
    return bones


def _heart(x: Field, y: Field, body: np.random.Generator) -> Field:
    size = body.normal(1.0, 0.06)
    heart = 0.38 * _ellipse(x, y, (0.055, 0.19), (0.125 * size, 0.15 * size), 0.03)
    diaphragm = (
        0.16
        * _soft(y - 0.3 + 0.25 * (np.abs(x) - 0.2) ** 2, 0.02)
        * _ellipse(x, y, (0.0, 0.12), (0.45, 0.7), 0.02)
    )
    both: Field = np.maximum(heart, diaphragm)
    return both


def _ellipse(
    x: Field, y: Field, centre: tuple[float, float], radii: tuple[float, float], edge: float
) -> Field:
    reach = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    return _soft((1 - reach) * min(radii), edge)


def _soft(depth: Field, edge: float) -> Field:
    """Rise from 0 to 1 around a depth of 0, over about twice the edge."""
    rising: Field = 1 / (1 + np.exp(-np.clip(depth / edge * 4, -50, 50)))
    return rising
