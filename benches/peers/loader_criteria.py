"""A point read by SQLAlchemy, filtered by its `with_loader_criteria` hook and by hand."""

import sys

import psycopg2
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, with_loader_criteria

from turns import serve

ORG = 7


class Base(DeclarativeBase):
    pass


class Tenanted:
    org_id: Mapped[int] = mapped_column(primary_key=True)


class Order(Tenanted, Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]


def session():
    connect = lambda: psycopg2.connect(sys.argv[1])
    engine = create_engine("postgresql+psycopg2://", creator=connect, isolation_level="AUTOCOMMIT")
    return Session(engine)


hooked, plain = session(), session()


@event.listens_for(hooked, "do_orm_execute")
def criteria(state):
    org = ORG
    state.statement = state.statement.options(
        with_loader_criteria(Tenanted, lambda cls: cls.org_id == org, include_aliases=True)
    )


serve(
    {
        "hooked": lambda: hooked.scalars(select(Order.total).where(Order.id == 500)).one(),
        "plain": lambda: plain.scalars(
            select(Order.total).where(Order.org_id == ORG, Order.id == 500)
        ).one(),
    }
)
