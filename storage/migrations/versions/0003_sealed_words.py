"""Words of encrypted calls, to be opened for the search; there is no index of them."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

BIG_KEY: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sealed_words",
        sa.Column("number", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["recordings.number"], name="fk_sealed_words_number", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_sealed_words"),
    )
