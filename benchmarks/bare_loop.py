"""The baseline for featurization: a process that only calls the network on tensors in memory.

It shares no code with the featurizer. For each line `<batch> <images>` on standard input it runs one round
and prints the seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sparkdl.backbones import backbone as network


@dataclass
class BareLoop:
    """A handle of the running process."""

    process: subprocess.Popen[str]
    started: float
    outputs: Path

    def round(self, batch: int, images: int) -> float:
        """Call the network on the first `images` tensors in batches of `batch`; return the seconds."""
        assert self.process.stdin is not None and self.process.stdout is not None  # noqa: S101 - pipes below
        self.process.stdin.write(f"{batch} {images}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the bare loop exited with code {self.process.wait()}")
        return float(line)

    def since_start(self) -> float:
        """Return the seconds since the start of the process."""
        return time.monotonic() - self.started

    def features(self) -> npt.NDArray[np.float32]:
        """Return the features of the first batch of the last round."""
        features: npt.NDArray[np.float32] = np.load(self.outputs)
        return features


@contextmanager
def bare_loop(backbone: str, tensors: Path, weights: Path, averaged: bool) -> Iterator[BareLoop]:
    """Start the process; it is killed when the context exits."""
    outputs = tensors.with_suffix(".features.npy")
    net = network(backbone)
    arguments = (net.name, net.module, str(int(averaged)), str(tensors), str(weights), str(outputs))
    command = [sys.executable, "-m", "benchmarks.bare_loop", *arguments]
    start = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own module and arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield BareLoop(process, start, outputs)
        finally:
            process.kill()


def main(argv: Sequence[str]) -> None:
    """Run the loop: the `main` of the process."""
    name, module, averaged, tensors, weights, outputs = argv
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    images = np.load(tensors)
    application = getattr(tf.keras.applications, module)
    shape = images.shape[1:]
    pooling = "avg" if int(averaged) else None
    model = getattr(application, name)(include_top=False, weights=None, input_shape=shape, pooling=pooling)
    model.load_weights(weights)

    def forward(batch: object) -> object:
        return model(application.preprocess_input(tf.cast(batch, tf.float32)), training=False)

    signature = [tf.TensorSpec((None, *shape), tf.uint8)]
    traced = tf.function(forward, input_signature=signature, autograph=False)
    for line in sys.stdin:
        batch, count = map(int, line.split())
        start = time.monotonic()
        first = traced(images[: min(batch, count)]).numpy()
        for begin in range(batch, count, batch):
            traced(images[begin : min(begin + batch, count)]).numpy()
        elapsed = time.monotonic() - start
        np.save(outputs, first.reshape(len(first), -1))
        print(elapsed, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
