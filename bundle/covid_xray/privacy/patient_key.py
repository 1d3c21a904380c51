"""The key of the patient pseudonyms: a secret of the workspace, created on first use."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from covid_xray.errors import SecretError

_KEY_BYTES = 32
# There are few patient ids, so a key that can be guessed reveals them.
_MIN_LENGTH = 32


@dataclass(frozen=True)
class Secret:
    """A key in a secret scope."""

    scope: str
    key: str

    def __str__(self) -> str:
        return f"{self.scope}/{self.key}"


def patient_key(secret: Secret | None) -> bytes | None:
    """Return the value of a secret; None for no secret, which keeps patient ids unchanged.

    Raises
    ------
    SecretError
        If it can be neither read nor created, or is too short; the message says what to type.
    """
    if secret is None:
        return None
    # Imported here: only a workspace has secrets, and importing the SDK takes a second.
    from databricks.sdk import WorkspaceClient

    try:
        client = WorkspaceClient()
        _create_if_missing(client, secret)
        value = str(client.dbutils.secrets.get(secret.scope, secret.key)).strip()
    except Exception as error:
        # On a cluster dbutils raises JVM errors, which have no Python class.
        raise SecretError(
            f"{_subject(secret)} can be neither read nor created ({_first_line(error)}): {_remedy(secret)}"
        ) from None
    if len(value) < _MIN_LENGTH:
        raise SecretError(f"{_subject(secret)} has fewer than {_MIN_LENGTH} characters: {_remedy(secret)}")
    return value.encode()


def _create_if_missing(client: Any, secret: Secret) -> None:
    # Two concurrent callers could each create a key. This does not happen: runs of a job are queued, and the
    # other jobs need models, which exist only after a run of the training job has created the key.
    if secret.key not in {existing.key for existing in client.secrets.list_secrets(secret.scope)}:
        client.secrets.put_secret(secret.scope, secret.key, string_value=secrets.token_hex(_KEY_BYTES))


def _subject(secret: Secret) -> str:
    return f"the key for patient pseudonyms, secret {secret},"


def _remedy(secret: Secret) -> str:
    return (
        "someone with write permission on the scope must run, once, `databricks secrets put-secret "
        f"{secret.scope} {secret.key} --string-value $(openssl rand -hex {_KEY_BYTES})`; another key would "
        "change all pseudonyms"
    )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
