"""`dataset_resize`: two processes against one, and against a plain Pillow loop."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from radiograph import class_folders, walk

from benchmarks.options import Options
from benchmarks.processes import in_new_process, seconds
from benchmarks.result import Goal, Ratio
from data_upload.resize import QUALITY, SHORTER_SIDE, resize_folder


def measure(options: Options) -> list[Ratio]:
    """Resize the originals with a plain loop, one worker and two workers."""
    folder = options.folder / "resize"
    plain = in_new_process(_plain, options.originals, folder / "plain")
    one = in_new_process(_ours, options.originals, folder / "one", 1)
    two = in_new_process(_ours, options.originals, folder / "two", 2)
    parts = {"plain s": plain, "1 worker s": one, "2 workers s": two}
    return [
        Ratio("resize: 1 worker / 2 workers", one / two, Goal(low=1.7), parts),
        Ratio("resize: plain Pillow loop / 2 workers", plain / two, Goal(low=1.7), parts),
    ]


def _ours(data: Path, output: Path, workers: int) -> float:
    return seconds(lambda: resize_folder(data, output, workers, lambda done, total: None))


def _plain(data: Path, output: Path) -> float:
    files = [found.file for found in walk(data, class_folders(data))]
    output.mkdir(parents=True)

    def loop() -> None:
        for number, file in enumerate(files):
            with Image.open(file) as picture:
                grey = picture.convert("L")
            factor = min(1.0, SHORTER_SIDE / min(grey.size))
            size = round(grey.width * factor), round(grey.height * factor)
            grey.resize(size, Image.Resampling.LANCZOS).save(output / f"{number}.jpg", quality=QUALITY)

    return seconds(loop)
