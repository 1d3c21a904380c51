"""Nothing that a session starts can be reached from another machine."""

import socket

import psutil

from tests.listening import beyond_loopback, listening


def test_the_session_and_its_workers_listen_on_loopback_alone(spark):
    # So that there are Python workers, which have sockets of their own.
    spark.range(2).mapInArrow(lambda batches: batches, "id LONG").collect()
    there = listening([psutil.Process()])
    assert "java" in {name for name, _, _ in there}
    assert beyond_loopback(there) == []


def test_a_socket_that_others_can_reach_would_be_found():
    with socket.create_server(("0.0.0.0", 0)) as server, socket.create_server(("127.0.0.1", 0)):
        found = beyond_loopback(listening([psutil.Process()]))
        assert [port for _, _, port in found] == [server.getsockname()[1]]
