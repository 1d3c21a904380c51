"""Nothing that a cluster starts can be reached from another machine."""

import json

import psutil

from tests.listening import beyond_loopback, listening


def test_master_and_workers_listen_on_loopback_alone(master, folder):
    pids = json.loads((folder / "cluster.json").read_text())["pids"]
    there = listening(map(psutil.Process, pids))
    # A port for work and one for web pages each.
    assert len(there) == 2 * len(pids)
    assert beyond_loopback(there) == []
