"""The tree of areas may begin with a city or a province; paths are ordered byte by byte, so that a subtree is a range.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BYTEWISE = sa.String(120).with_variant(sa.String(120, collation="C"), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.alter_column("path", existing_type=sa.String(80), type_=BYTEWISE, existing_nullable=False)
        batch_op.drop_constraint(op.f("ck_area_level"), type_="check")
        batch_op.create_check_constraint(op.f("ck_area_level"), "level IN ('province', 'city', 'district', 'town', 'village')")


def downgrade() -> None:
    # refused by the constraint where the tree begins above a district: the older program would lose its top
    with op.batch_alter_table("area", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_area_level"), type_="check")
        batch_op.create_check_constraint(op.f("ck_area_level"), "level IN ('district', 'town', 'village')")
        batch_op.alter_column("path", existing_type=BYTEWISE, type_=sa.String(80), existing_nullable=False)
