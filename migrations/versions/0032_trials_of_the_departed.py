"""Of who deleted their account it is kept whether they had a trial of a plan: a person has one."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("departures", sa.Column("had_trial", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("departures", "had_trial")
