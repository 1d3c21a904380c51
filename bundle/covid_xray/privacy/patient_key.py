"""The key of the patients' pseudonyms: a secret of the workspace, made when it is first asked for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from covid_xray.errors import SecretError

_KEY_BYTES = 32
# Patients' ids are few: a key that can be guessed gives them away.
_SHORTEST = 32


@dataclass(frozen=True)
class Secret:
    """A key in a secret scope."""

    scope: str
    key: str

    def __str__(self) -> str:
        return f"{self.scope}/{self.key}"


def patient_key(secret: Secret | None) -> bytes | None:
    """Return what a secret holds; None for no secret, which leaves patients' ids as they are.

    Raises
    ------
    SecretError
        If it can be neither read nor made, or is too short, in one line that says what to type.
    """
    if secret is None:
        return None
    # Here, not above: only a workspace has secrets, and the SDK takes a second.
    from databricks.sdk import WorkspaceClient

    try:
        client = WorkspaceClient()
        _make_unless_there(client, secret)
        value = str(client.dbutils.secrets.get(secret.scope, secret.key)).strip()
    except Exception as error:
        # On a cluster dbutils raises what the JVM does, which has no class here.
        raise SecretError(
            f"{_subject(secret)} can be neither read nor made ({_line(error)}): {_remedy(secret)}"
        ) from None
    if len(value) < _SHORTEST:
        raise SecretError(f"{_subject(secret)} has fewer than {_SHORTEST} characters: {_remedy(secret)}")
    return value.encode()


def _make_unless_there(client: Any, secret: Secret) -> None:
    # Two that find none would each make one. Nothing comes to that: runs of a job wait for one another, and
    # models, which the other jobs need, come out of the first job that makes a key.
    if secret.key not in {there.key for there in client.secrets.list_secrets(secret.scope)}:
        client.secrets.put_secret(secret.scope, secret.key, string_value=secrets.token_hex(_KEY_BYTES))


def _subject(secret: Secret) -> str:
    return f"the key of the patients' pseudonyms, the secret {secret},"


def _remedy(secret: Secret) -> str:
    return (
        "someone who may write the scope types `databricks secrets put-secret "
        f"{secret.scope} {secret.key} --string-value $(openssl rand -hex {_KEY_BYTES})`, once, since another "
        "key makes other patients"
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
