"""The precision of a network's arithmetic, and whether a processor is made for it."""

from __future__ import annotations

from pathlib import Path

# float32 is the published arithmetic. bfloat16 has its range with 8 bits of precision in place of 24, and
# processors since 2022 multiply it two to sixteen times as fast (Kalamkar et al. 2019, arXiv:1905.12322).
FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)

_CPU_FACTS = Path("/proc/cpuinfo")
# Intel since 2023 has the first, AMD since 2022 and some of Intel's since 2020 the second; ARM the last.
_INSTRUCTIONS = {"amx_bf16", "avx512_bf16", "bf16"}


def bfloat16_instructions(facts: Path = _CPU_FACTS) -> list[str]:
    """Return the instruction sets for bfloat16 that this machine's processor has, sorted; empty if none.

    Parameters
    ----------
    facts : Path
        What Linux says of the processor; where there is no such file, nothing is known, and none is found.
    """
    try:
        lines = facts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return sorted(_INSTRUCTIONS.intersection(flags.partition(":")[2].split()))
