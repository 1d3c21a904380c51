"""Faults of a stand-in for a workspace."""

from __future__ import annotations

import io
import random
import threading
from urllib.parse import unquote, urlsplit

from tests.workspace.stand_in import FILES, Fault, Handler


def some(share: float, seed: int, *faults: Fault) -> Fault:
    """Answer a share of the requests with one of the faults."""
    chance, lock = random.Random(seed), threading.Lock()

    def fault(handler: Handler) -> bool:
        with lock:
            hit, kind = chance.random() < share, chance.choice(faults)
        return hit and kind(handler)

    return fault


def answering(status: int, code: str | int, message: str, **headers: str) -> Fault:
    """Read a request to its end, and answer it with an error."""

    def fault(handler: Handler) -> bool:
        handler.body()
        handler.answer(status, {"error_code": code, "message": message}, **headers)
        return True

    return fault


# With a request to retry at once.
busy = answering(429, "RESOURCE_EXHAUSTED", "too many", Retry_After="0")
unavailable = answering(503, "TEMPORARILY_UNAVAILABLE", "later", Retry_After="0")
# The SDK does not retry this one by itself.
broken = answering(500, "INTERNAL_ERROR", "no luck")
# As for a token that has expired: the SDK then tells what it knows of its configuration.
locked_out = answering(401, "UNAUTHENTICATED", "who are you?")
# As for a personal access token that has expired.
stale = answering(403, 403, "Invalid access token.")
forbidden = answering(403, "PERMISSION_DENIED", "User does not have WRITE VOLUME.")


def reset(handler: Handler) -> bool:
    """Close the connection in the middle of the body."""
    handler.rfile.read(int(handler.headers.get("Content-Length") or 0) // 2)
    handler.close_connection = True
    handler.connection.close()
    return True


def late(handler: Handler) -> bool:
    """Do what is asked only after the client has closed the connection."""
    body = handler.body()
    handler.connection.settimeout(60)
    # Reading one byte more returns only then: with nothing.
    assert handler.connection.recv(1) == b""
    handler.rfile = io.BytesIO(body)
    return False


def truncated(handler: Handler) -> bool:
    """Store half of a file and answer with success."""
    content = handler.body()
    if handler.command != "PUT":
        return broken(handler)
    path = unquote(urlsplit(handler.path).path).removeprefix(FILES)
    handler.server.files[path] = content[: len(content) // 2]
    handler.answer(204)
    return True
