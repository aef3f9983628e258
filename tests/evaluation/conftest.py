from __future__ import annotations

from tests.factories.colours import towns

__all__ = ["towns"]
