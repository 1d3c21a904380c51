"""The numeric tests pass on every processor: OpenBLAS selects its kernels by the make of the processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Code that depends on matrix products and decompositions.
AREAS = (
    "covid_xray/evaluation",
    "covid_xray/features",
    "covid_xray/registry",
    "covid_xray/stages",
    "logistic",
)
NUMERIC = [f"tests/unit/{area}" for area in AREAS]
CPUINFO = Path("/proc/cpuinfo")
AVX512 = CPUINFO.exists() and "avx512f" in CPUINFO.read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("kernel", ["Haswell", "SkylakeX", "Zen", "Nehalem"])
def test_the_numeric_tests_pass_whatever_the_kernel(kernel: str, threads: str, root: Path) -> None:
    if kernel == "SkylakeX" and not AVX512:
        pytest.skip("this processor has no AVX-512, which that kernel is made of")
    # https://github.com/OpenMathLib/OpenBLAS/wiki/User-Manual
    chosen = {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": threads}
    command = [sys.executable, "-m", "pytest", *NUMERIC, f"--ignore={__file__}"]
    done = subprocess.run(command, cwd=root, env=os.environ | chosen, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
