"""Use cases of messages: push, read, keep channels, deliver; one module for each of these."""

from __future__ import annotations

from trafficedu.messages.services.channels import add_channel, reencrypt_some, remove_channel, send_test
from trafficedu.messages.services.delivery import deliver, deliver_due
from trafficedu.messages.services.outbox import NewPush, mark_all_read, mark_read, push

__all__ = [
    "NewPush",
    "add_channel",
    "deliver",
    "deliver_due",
    "mark_all_read",
    "mark_read",
    "push",
    "reencrypt_some",
    "remove_channel",
    "send_test",
]
