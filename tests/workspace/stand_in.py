"""A stand-in for a workspace: files and secrets over real HTTP on loopback.

https://docs.databricks.com/api/workspace/files
"""

from __future__ import annotations

import json
import sys
import threading
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
    """Keeps files by path; `writes` counts how often each was written whole.

    A `strict` one takes a file only into a folder that was made before, and answers for an emptied volume as
    for one that does not exist.
    """

    daemon_threads = True

    def __init__(self, volumes: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.volumes = volumes
        self.files: dict[str, bytes] = {}
        self.folders: list[str] = []
        self.strict = False
        self.connections = 0
        self.writes: Counter[str] = Counter()
        self.scopes: dict[str, dict[str, str]] = {}
        self.may_write_secrets = True
        self.requests = 0
        # Entries of a folder in one answer. A workspace gives 1,000; fewer show that all pages are asked for.
        self.page = 50
        self.fault: Fault = lambda handler: False
        self.lock = threading.Lock()

    def unknown(self, path: str) -> str | None:
        """What a workspace says of a path whose catalog, schema or volume does not exist."""
        for kind, depth in (("Catalog", 3), ("Schema", 4), ("Volume", 5)):
            start = path.split("/")[:depth]
            if not any(volume.split("/")[:depth] == start for volume in self.volumes):
                return f"{kind} '{'.'.join(start[2:])}' does not exist."
        return None

    def has_folder(self, path: str) -> bool:
        made = path in self.folders or (path in self.volumes and not self.strict)
        return made or any(file.startswith(f"{path}/") for file in (*self.files, *self.folders))

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

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            with self.server.lock:
                self.server.connections -= 1

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
        message = self.server.unknown(path) or f"{path} does not exist"
        self.answer(404, {"error_code": "NOT_FOUND", "message": message})

    def put_file(self, path: str) -> None:
        content = self.body()
        if len(content) < int(self.headers["Content-Length"]):
            return
        if self.server.strict and not self.server.has_folder(path.rpartition("/")[0]):
            self.missing(path)
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

    def put_folder(self, path: str) -> None:
        if self.server.unknown(path):
            self.missing(path)
        else:
            with self.server.lock:
                self.server.folders.append(path)
            self.answer(204)

    def get_folder(self, path: str) -> None:
        if not self.server.has_folder(path):
            self.missing(path)
            return
        there = (*self.server.files, *self.server.folders)
        below = {file.removeprefix(f"{path}/") for file in there if file.startswith(f"{path}/")}
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
