"""Which parts of the pictures are hidden from which network, in one form."""

from __future__ import annotations

from typing import Any

from radiograph import OCCLUSIONS

# The key of `occlusion` that stands for every network.
ALL_NETWORKS = "all"


def of_networks(value: Any) -> Any:
    """Return occlusions by network in one form, since runs of equal results have equal settings.

    That is: each once and in the same order, none under a network that is under `all` too, and no network
    without any. A list is those of every network.

    Raises
    ------
    ValueError
        If it is neither, or names another occlusion.
    """
    known = ", ".join(OCCLUSIONS)
    if not isinstance(value, list | tuple | dict):
        raise ValueError(f"{value!r} is neither a list of {known} nor a mapping of networks to such")
    found = {}
    for network, names in (value if isinstance(value, dict) else {ALL_NETWORKS: value}).items():
        if not isinstance(names, list | tuple):
            raise ValueError(f"{names!r} is no list of {known} for {network}: write [{names}]")
        for name in names:
            if name not in tuple(OCCLUSIONS):
                raise ValueError(f"{name!r} is not one of {known}")
        found[network] = tuple(name for name in OCCLUSIONS if name in names)
    of_all = found.pop(ALL_NETWORKS, ())
    own = {network: tuple(name for name in names if name not in of_all) for network, names in found.items()}
    return {network: names for network, names in ({ALL_NETWORKS: of_all} | own).items() if names}
