"""Nothing that a cluster starts can be reached from another machine."""

import json

import psutil

from tests.listening import beyond_loopback, listening


def test_master_and_workers_listen_on_loopback_alone(master, folder):
    members = json.loads((folder / "cluster.json").read_text())["members"]
    pids = [member["pid"] for member in members]
    there = listening(map(psutil.Process, pids))
    # A port for work and one for web pages each.
    assert len(there) == 2 * len(pids)
    assert beyond_loopback(there) == []
