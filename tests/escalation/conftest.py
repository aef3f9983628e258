from __future__ import annotations

from tests.factories.feedback import world

__all__ = ["world"]
