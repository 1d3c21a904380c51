"""The secrets of a stand-in for a workspace: https://docs.databricks.com/api/workspace/secrets"""

from __future__ import annotations

import base64
import json
from typing import Any

SECRETS = "/api/2.0/secrets"


class SecretsHandler:
    """What a workspace's handler answers for secrets, which its server keeps by scope and key."""

    server: Any
    query: dict[str, list[str]]
    body: Any
    answer: Any

    def get_secret(self, call: str) -> None:
        scope = self.server.scopes.get(self.query["scope"][0])
        if scope is None:
            self.refuse(404, "RESOURCE_DOES_NOT_EXIST", f"Scope {self.query['scope'][0]} does not exist!")
        elif call == "/list":
            self.answer(200, {"secrets": [{"key": key} for key in scope]})
        else:
            key = self.query["key"][0]
            self.answer(200, {"key": key, "value": base64.b64encode(scope[key].encode()).decode()})

    def post_secret(self, call: str) -> None:
        given = json.loads(self.body())
        if not self.server.may_write_secrets:
            self.refuse(403, "PERMISSION_DENIED", f"no WRITE on scope {given['scope']}")
        else:
            self.server.scopes[given["scope"]][given["key"]] = given["string_value"]
            self.answer(200, {})

    def refuse(self, status: int, code: str, message: str) -> None:
        self.answer(status, {"error_code": code, "message": message})
