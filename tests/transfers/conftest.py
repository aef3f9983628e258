from __future__ import annotations

from tests.factories.officers import acting, district, officer, officer_user

__all__ = ["acting", "district", "officer", "officer_user"]
