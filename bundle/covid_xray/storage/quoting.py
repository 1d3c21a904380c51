"""Names and texts as parts of a SQL statement: whatever they hold, they end where they should.

https://spark.apache.org/docs/latest/sql-ref-literals.html
"""

from __future__ import annotations


def identifier(*parts: str) -> str:
    """Return a name, or one of several parts, in backticks."""
    return ".".join(f"`{part.replace('`', '``')}`" for part in parts)


def literal(text: str) -> str:
    """Return a text in quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
