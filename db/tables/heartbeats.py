"""Signs of life that other processes, and the doctor, can see."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Heartbeat(Base):
    """When the scheduler's job of that name last did its work; `written`: when somebody last wrote here to see whether
    one can."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
