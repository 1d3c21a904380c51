"""What a stand-in for a workspace answers where something is wrong."""

from __future__ import annotations

import random
import threading
import time
from urllib.parse import unquote, urlsplit

from tests.workspace.stand_in import FILES, Fault, Handler


def some(share: float, seed: int, *faults: Fault) -> Fault:
    """Meet a share of the requests with one of the faults."""
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


# Come again at once.
busy = answering(429, "RESOURCE_EXHAUSTED", "too many", Retry_After="0")
unavailable = answering(503, "TEMPORARILY_UNAVAILABLE", "later", Retry_After="0")
# Which the SDK does not repeat by itself.
broken = answering(500, "INTERNAL_ERROR", "no luck")
# As for a token that has expired: the SDK then tells what it knows of its configuration.
locked_out = answering(401, "UNAUTHENTICATED", "who are you?")
# As for a personal access token that has expired.
stale = answering(403, 403, "Invalid access token.")
forbidden = answering(403, "PERMISSION_DENIED", "User does not have WRITE VOLUME.")


def reset(handler: Handler) -> bool:
    """The connection goes away in the middle of the body."""
    handler.rfile.read(int(handler.headers.get("Content-Length") or 0) // 2)
    handler.close_connection = True
    handler.connection.close()
    return True


def late(handler: Handler) -> bool:
    """Answers when nobody waits any more."""
    time.sleep(2)
    return False


def truncated(handler: Handler) -> bool:
    """Keeps half of a file and says that all is well."""
    content = handler.body()
    if handler.command != "PUT":
        return broken(handler)
    path = unquote(urlsplit(handler.path).path).removeprefix(FILES)
    handler.server.files[path] = content[: len(content) // 2]
    handler.answer(204)
    return True
