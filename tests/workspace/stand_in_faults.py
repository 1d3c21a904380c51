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


def busy(handler: Handler) -> bool:
    """429: read, refused, and come again at once."""
    handler.body()
    handler.answer(429, {"error_code": "RESOURCE_EXHAUSTED", "message": "too many"}, Retry_After="0")
    return True


def unavailable(handler: Handler) -> bool:
    handler.body()
    handler.answer(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"}, Retry_After="0")
    return True


def broken(handler: Handler) -> bool:
    """500, which the SDK does not repeat by itself."""
    handler.body()
    handler.answer(500, {"error_code": "INTERNAL_ERROR", "message": "no luck"})
    return True


def locked_out(handler: Handler) -> bool:
    """401, as for a token that has expired: the SDK then tells what it knows of its configuration."""
    handler.body()
    handler.answer(401, {"error_code": "UNAUTHENTICATED", "message": "who are you?"})
    return True


def stale(handler: Handler) -> bool:
    """403, as for a personal access token that has expired."""
    handler.body()
    handler.answer(403, {"error_code": 403, "message": "Invalid access token."})
    return True


def forbidden(handler: Handler) -> bool:
    handler.body()
    handler.answer(403, {"error_code": "PERMISSION_DENIED", "message": "User does not have WRITE VOLUME."})
    return True


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
