"""Rule sets, and the monthly evaluation with its results.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rule_set',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('created_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('released_by_id', sa.Integer(), nullable=True),
    sa.Column('released_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("state <> 'in_force' OR changed_by_id IS NULL OR released_by_id IS NOT NULL", name=op.f('ck_rule_set_released')),
    sa.CheckConstraint("state IN ('draft', 'in_force', 'discarded')", name=op.f('ck_rule_set_state')),
    sa.CheckConstraint('released_by_id IS NULL OR (released_by_id <> changed_by_id AND released_by_id <> created_by_id)', name=op.f('ck_rule_set_second_person')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['user_account.id'], name=op.f('fk_rule_set_changed_by_id')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_rule_set_created_by_id')),
    sa.ForeignKeyConstraint(['released_by_id'], ['user_account.id'], name=op.f('fk_rule_set_released_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_set')),
    sa.UniqueConstraint('code', name=op.f('uq_rule_set_code'))
    )
    with op.batch_alter_table('rule_set', schema=None) as batch_op:
        batch_op.create_index('ix_rule_set_state_valid_from', ['state', 'valid_from'], unique=False)

    op.create_table('evaluation_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('rule_set_id', sa.Integer(), nullable=False),
    sa.Column('complete', sa.Boolean(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('computed_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('computed_by_id', sa.Integer(), nullable=True),
    sa.Column('checked_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('published_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
    sa.Column('published_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('number > 0', name=op.f('ck_evaluation_run_number')),
    sa.ForeignKeyConstraint(['computed_by_id'], ['user_account.id'], name=op.f('fk_evaluation_run_computed_by_id')),
    sa.ForeignKeyConstraint(['published_by_id'], ['user_account.id'], name=op.f('fk_evaluation_run_published_by_id')),
    sa.ForeignKeyConstraint(['rule_set_id'], ['rule_set.id'], name=op.f('fk_evaluation_run_rule_set_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_run')),
    sa.UniqueConstraint('month', 'number', name=op.f('uq_evaluation_run_month_number'))
    )
    with op.batch_alter_table('evaluation_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evaluation_run_published_utc'), ['published_utc'], unique=False)

    op.create_table('evaluation_result',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=True),
    sa.Column('company_id', sa.Integer(), nullable=True),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('colour', sa.String(length=10), nullable=False),
    sa.Column('score', sa.Float(), nullable=True),
    sa.Column('present', sa.Float(), nullable=False),
    sa.Column('veto', sa.String(length=10), nullable=False),
    sa.Column('inputs', sa.JSON(), nullable=False),
    sa.Column('dimensions', sa.JSON(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.CheckConstraint("(kind = 'company') = (area_id IS NULL)", name=op.f('ck_evaluation_result_area')),
    sa.CheckConstraint("(kind = 'company') = (company_id IS NOT NULL)", name=op.f('ck_evaluation_result_company')),
    sa.CheckConstraint("colour IN ('green', 'blue', 'yellow', 'orange', 'red', 'grey')", name=op.f('ck_evaluation_result_colour')),
    sa.CheckConstraint("kind IN ('town', 'village', 'company')", name=op.f('ck_evaluation_result_kind')),
    sa.CheckConstraint("veto IN ('', 'orange', 'red')", name=op.f('ck_evaluation_result_veto')),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_evaluation_result_area_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_evaluation_result_company_id')),
    sa.ForeignKeyConstraint(['run_id'], ['evaluation_run.id'], name=op.f('fk_evaluation_result_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_result')),
    sa.UniqueConstraint('run_id', 'kind', 'code', name=op.f('uq_evaluation_result_run_id_kind_code'))
    )
    with op.batch_alter_table('evaluation_result', schema=None) as batch_op:
        batch_op.create_index('ix_evaluation_result_area_id', ['area_id'], unique=False)
        batch_op.create_index('ix_evaluation_result_company_id', ['company_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('evaluation_result', schema=None) as batch_op:
        batch_op.drop_index('ix_evaluation_result_company_id')
        batch_op.drop_index('ix_evaluation_result_area_id')

    op.drop_table('evaluation_result')
    with op.batch_alter_table('evaluation_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evaluation_run_published_utc'))

    op.drop_table('evaluation_run')
    with op.batch_alter_table('rule_set', schema=None) as batch_op:
        batch_op.drop_index('ix_rule_set_state_valid_from')

    op.drop_table('rule_set')
