"""The same figures on every processor: OpenBLAS multiplies with other kernels on each make."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# What rests on products and decompositions of matrices.
NUMERIC = [f"tests/unit/covid_xray/{name}" for name in ("audit", "compare", "explain", "metrics", "models")]
AVX512 = "avx512f" in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else False


@pytest.mark.thorough
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("kernel", ["Haswell", "SkylakeX", "Zen", "Nehalem"])
def test_the_numeric_tests_pass_whatever_the_kernel(kernel: str, threads: str, root: Path) -> None:
    if kernel == "SkylakeX" and not AVX512:
        pytest.skip("this processor has no AVX-512, which that kernel is made of")
    # https://github.com/OpenMathLib/OpenBLAS/wiki/User-Manual
    chosen = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": threads}
    train = "tests/unit/covid_xray/train"
    command = [sys.executable, "-m", "pytest", *NUMERIC, train, f"--ignore={train}/test_kernels.py"]
    done = subprocess.run(command, cwd=root, env=os.environ | chosen, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
