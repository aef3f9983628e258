"""Riders are found by the last four characters of a document or a phone, e-bikes by those of a plate.

Plates are in clear: their tails are filled in here, some thousand at a time. Documents and phones are ciphertext, and a
migration holds no key: the worker fills in those of riders already known, in batches (``riders.services.keys``).

Revision ID: 0069
Revises: 0068
"""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

BATCH = 10_000
HASHES = ("id_tail_hash", "phone_tail_hash")


def upgrade() -> None:
    for name in HASHES:
        op.add_column("rider", sa.Column(name, sa.String(50), nullable=True))
        op.create_index(f"ix_rider_{name}", "rider", [name])
    op.add_column("vehicle", sa.Column("tail", sa.String(4), nullable=True))
    vehicle = sa.table("vehicle", sa.column("id", sa.Integer), sa.column("plate", sa.String), sa.column("tail", sa.String))
    last = op.get_bind().scalar(sa.select(sa.func.max(vehicle.c.id))) or 0
    for first in range(0, last + 1, BATCH):
        op.execute(
            vehicle.update()
            .values(tail=sa.func.substr(vehicle.c.plate, sa.func.length(vehicle.c.plate) - 3))
            .where(vehicle.c.id >= first, vehicle.c.id < first + BATCH)
        )
    with op.batch_alter_table("vehicle") as batch_op:
        batch_op.alter_column("tail", existing_type=sa.String(4), nullable=False)
    op.create_index("ix_vehicle_tail", "vehicle", ["tail"])


def downgrade() -> None:
    op.drop_index("ix_vehicle_tail", "vehicle")
    op.drop_column("vehicle", "tail")
    for name in reversed(HASHES):
        op.drop_index(f"ix_rider_{name}", "rider")
        op.drop_column("rider", name)
