"""Near-duplicates: how many copies of real X-rays are found, and how many pairs without any copy."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from covid_xray.dataset.near_duplicates import near_duplicates
from PIL import Image
from radiograph import SIGNATURE_SIDE, Refused, class_folders, open_xray, signature, walk

from benchmarks.options import Options
from benchmarks.result import Goal, Ratio

# Copies of so many images are made of each kind.
_COPIED = 100
_SEED = 1

_Change = Callable[[Image.Image], Image.Image]


def measure(options: Options) -> Iterator[Ratio]:
    """Look for pairs among all images, and then for one kind of copy after the other."""
    pictures = list(_pictures(options.data))
    own = _signatures(pictures)
    pairs = near_duplicates(own) or []
    share = len(pairs) / len(pictures)
    yield Ratio("near-duplicates: pairs / images", share, Goal(high=0.02), {"images": len(pictures)})
    random = np.random.default_rng(_SEED)
    chosen = random.choice(len(pictures), min(_COPIED, len(pictures)), replace=False)
    for name, change in _changes(random).items():
        copies = _signatures([change(pictures[number]) for number in chosen])
        found = {(pair.first, pair.second) for pair in near_duplicates(np.concatenate([own, copies])) or []}
        expected = {(int(number), len(own) + place) for place, number in enumerate(chosen)}
        share = len(expected & found) / len(expected)
        yield Ratio(f"copies found: {name}", share, Goal(low=0.95), {"copies": len(expected)})


def _pictures(folder: Path) -> Iterator[Image.Image]:
    for found in walk(folder, class_folders(folder)):
        try:
            yield open_xray(found.file.read_bytes()).picture.convert("L")
        except Refused:
            continue


def _signatures(pictures: list[Image.Image]) -> npt.NDArray[np.uint8]:
    values = [np.frombuffer(signature(picture), np.uint8) for picture in pictures]
    return np.array(values).reshape(-1, SIGNATURE_SIDE, SIGNATURE_SIDE)


def _changes(random: np.random.Generator) -> dict[str, _Change]:
    return {
        "half the size, JPEG of quality 50": _encoded_again,
        "brightened": _brightened,
        "cropped by 5 % at each side": lambda picture: _cropped(picture, 0.05, 0.05, 0.05, 0.05),
        "cropped by 0 to 8 % at each side": lambda picture: _cropped(picture, *random.uniform(0, 0.08, 4)),
    }


def _encoded_again(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.resize((picture.width // 2, picture.height // 2)).save(file, "JPEG", quality=50)
    return Image.open(file)


def _brightened(picture: Image.Image) -> Image.Image:
    return picture.point([round(255 * (grey / 255) ** 0.7) for grey in range(256)])


def _cropped(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = picture.size
    return picture.crop(
        (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    )
