"""The examples of docs/sparkdl run as they are written."""

import re

import numpy as np
import pytest
from PIL import Image
from sparkdl.backbones import backbone
from sparkdl.weights import resolve

from tests.unit.docs.pages import ROOT, blocks

PAGES = [page for page in sorted((ROOT / "docs" / "sparkdl").glob("*.md")) if blocks(page, "python")]


@pytest.fixture
def workplace(store, tmp_path, monkeypatch, names_of_classes):
    """A folder with pictures, and Keras's folder as it is once weights have been downloaded."""
    (tmp_path / "pictures").mkdir()
    for place in range(6):
        pixels = np.random.default_rng(place).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels[: 30 + place]).save(tmp_path / "pictures" / f"{place}.png")
    folder = tmp_path / "keras" / "sparkdl"
    folder.mkdir(parents=True)
    for name, top in (("ResNet50", False), ("MobileNetV2", True)):
        drawn = resolve("random", name, store, top=top)
        downloaded = folder / backbone(name).keras_file(top).name
        downloaded.symlink_to(drawn.path)
        downloaded.with_name(f"{downloaded.name}.sha256").write_text(f"{drawn.sha256}\n")
    names_of_classes(tmp_path / "keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "page",
    # The README has an example of the featurizer too, and test_streams.py a stream.
    [
        pytest.param(page, marks=[pytest.mark.thorough] * (page.stem in ("DeepImageFeaturizer", "streams")))
        for page in PAGES
    ],
    ids=[page.stem for page in PAGES],
)
def test_an_example_runs(spark, workplace, page):
    # Spark's own folder is not this one, so it gets whole paths.
    text = "\n".join(blocks(page, "python"))
    for folder in ("pictures", "checkpoint", "table"):
        text = text.replace(f'"{folder}"', repr(str(workplace / folder)))
    assert re.search(rf"import .*{page.stem}", text) or page.stem == "streams"
    # As in a notebook, whose functions reach workers with their code.
    exec(compile(text, page.name, "exec"), {"__name__": "__main__", "spark": spark})
