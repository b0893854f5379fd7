"""Who settled a callback; bank journals told from machine to machine, in place of an error bank nobody wrote."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

JSON_VALUE: Final = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BIG_KEY: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("settled_at", sa.Float(precision=53), nullable=True))
    op.add_column("callbacks", sa.Column("settled_by", sa.Text(), nullable=False, server_default=""))
    # No version of the program ever wrote these two (docs/decisions/0016)
    op.drop_table("error_bank_history")
    op.drop_table("error_bank")
    op.create_table(
        "bank_entries",
        sa.Column("number", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("entry", JSON_VALUE, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_bank_entries"),
        sa.UniqueConstraint("bank", "entry_id", name="uq_bank_entries_bank_entry_id"),
    )
    op.create_index("ix_bank_entries_what", "bank_entries", ["what"])
    op.create_table(
        "milestones",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_milestones"),
    )
