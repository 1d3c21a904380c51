"""A stand-in for a workspace: files and secrets over real HTTP on loopback, with faults on demand.

https://docs.databricks.com/api/workspace/files
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tests.workspace.stand_in_secrets import SECRETS, SecretsHandler

IMAGES, REPORTS = "/Volumes/main/xray/images", "/Volumes/main/xray/reports"
FILES, FOLDERS = "/api/2.0/fs/files", "/api/2.0/fs/directories"
# What the SDK asks a host first.
ABOUT = "/.well-known/databricks-config"

Fault = Callable[["Handler"], bool]


class Workspace(ThreadingHTTPServer):
    """Keeps files by path; `writes` counts how often each was written whole."""

    daemon_threads = True

    def __init__(self, volumes: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.volumes = volumes
        self.files: dict[str, bytes] = {}
        self.writes: Counter[str] = Counter()
        self.scopes: dict[str, dict[str, str]] = {}
        self.may_write_secrets = True
        self.requests = 0
        # Entries of a folder in one answer. A workspace gives 1,000; fewer show that all pages are asked for.
        self.page = 50
        self.fault: Fault = lambda handler: False
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that went away: tests make them go."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(SecretsHandler, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Workspace

    def log_message(self, *args: object) -> None:
        """Say nothing: a test tells what counts."""

    def serve(self) -> None:
        with self.server.lock:
            self.server.requests += 1
        if self.path == ABOUT:
            self.answer(200, {"workspace_id": "1", "oidc_endpoint": f"{self.server.url}/oidc"})
            return
        if self.server.fault(self):
            return
        url = urlsplit(self.path)
        path, self.query = unquote(url.path), parse_qs(url.query)
        for prefix, kind in ((FILES, "file"), (FOLDERS, "folder"), (SECRETS, "secret")):
            if path.startswith(f"{prefix}/"):
                getattr(self, f"{self.command.lower()}_{kind}")(path.removeprefix(prefix).rstrip("/"))
                return
        self.answer(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": f"no endpoint {path}"})

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = serve

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, content: object = None, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode() if content else b""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def missing(self, path: str) -> None:
        self.answer(404, {"error_code": "NOT_FOUND", "message": f"{path} does not exist"})

    def put_file(self, path: str) -> None:
        content = self.body()
        if len(content) < int(self.headers["Content-Length"]):
            return
        with self.server.lock:
            self.server.files[path] = content
            self.server.writes[path] += 1
        self.answer(204)

    def get_file(self, path: str) -> None:
        content = self.server.files.get(path)
        if content is None:
            self.missing(path)
        else:
            self.answer(200, content, Content_Type="application/octet-stream")

    head_file = get_file

    def delete_file(self, path: str) -> None:
        if self.server.files.pop(path, None) is None:
            self.missing(path)
        else:
            self.answer(204)

    def get_folder(self, path: str) -> None:
        below = {file.removeprefix(f"{path}/") for file in self.server.files if file.startswith(f"{path}/")}
        if not below and path not in self.server.volumes:
            self.missing(path)
            return
        entries = [self.entry(path, name) for name in sorted({name.split("/")[0] for name in below})]
        start = int(self.query.get("page_token", ["0"])[0])
        page = {"contents": entries[start : start + self.server.page]}
        if start + self.server.page < len(entries):
            page["next_page_token"] = str(start + self.server.page)
        self.answer(200, page)

    def entry(self, folder: str, name: str) -> dict[str, object]:
        path = f"{folder}/{name}"
        content = self.server.files.get(path)
        if content is None:
            return {"path": path, "name": name, "is_directory": True}
        return {"path": path, "name": name, "is_directory": False, "file_size": len(content)}


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
