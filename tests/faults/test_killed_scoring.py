"""Scorings of what arrives, killed whole: the same command goes on, and each image is scored once."""

import os
import random
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from tests.same_tables import rows

pytestmark = pytest.mark.thorough

# Of the moments: KILL_SEED gives others.
SEED = int(os.environ.get("KILL_SEED") or 0)
KILLS = 6
# Of one commit each, and as slow.
CHUNKS = ("--set", "execution.chunk_images=2")


@pytest.fixture
def output(ran, tmp_path):
    """The folder of a run that has registered a model, with what others have scored."""
    shutil.copytree(ran.output, tmp_path / "out", symlinks=True)
    return tmp_path / "out"


@pytest.fixture
def new(tmp_path):
    (tmp_path / "new images").mkdir()
    return tmp_path / "new images"


@pytest.fixture
def arrive(new):
    """Draw pictures, and for each five a file that is none and a copy under another name."""

    def draw(*seeds):
        for seed in seeds:
            pixels = np.random.default_rng(seed).integers(0, 250, (40, 40), dtype=np.uint8)
            Image.fromarray(pixels).save(new / f"{seed}.png")
            if seed % 5 == 0:
                (new / f"broken {seed}.png").write_text("no picture")
                shutil.copy(new / f"{seed}.png", new / f"{seed} again.png")

    return draw


@pytest.fixture
def type_score(output, new, type_command, tmp_path):
    given = ("--data", str(new), "--output", str(output), "--model", "ResNet50_binary/1", *CHUNKS)
    state = ("--checkpoint", str(tmp_path / "check point"))
    return lambda arrived=True: type_command("score", *given, *(state if arrived else ()))


def ended(typed):
    assert typed.process.wait(300) == 0, typed.said()
    return typed.said()


def test_killed_at_six_moments_each_image_is_scored_once(type_score, arrive, output, new):
    draw, last = random.Random(SEED), 20
    arrive(*range(last))
    begun = time.monotonic()
    ended(type_score())
    whole = time.monotonic() - begun
    kills = 0
    while kills < KILLS:
        arrive(*range(last, last + 5))
        last += 5
        typed = type_score()
        try:
            # The first two seconds are those in which Python starts.
            typed.process.wait(draw.uniform(2, whole))
        except Exception:
            typed.kill()
            kills += 1
    said = ended(type_score())
    assert "Traceback" not in said
    scores = rows(output, "scores")
    shown = scores[scores["path"].isin(file.name for file in new.iterdir())]
    names = [name.removesuffix(" again.png").removesuffix(".png") for name in shown["path"]]
    assert sorted(map(int, names)) == list(range(last)), f"KILL_SEED={SEED}"
    refused = rows(output, "quarantine")
    assert not refused.duplicated(["run_id", "path"]).any()
    assert set(refused["path"]) >= {f"broken {seed}.png" for seed in range(0, last, 5)}
    # What has no checkpoint reads all, and finds nothing that is lost.
    assert f"{last} images scored before" in ended(type_score(arrived=False))
    assert len(rows(output, "scores")) == len(scores)
