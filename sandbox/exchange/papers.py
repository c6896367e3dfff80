"""What is traded. What happens to a paper happens every year, so that the last 253 days always have it, however far the
clock was moved: a split in July of even years is taken back by a consolidation in July of odd ones."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.exchange.days import FIRST_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """`swing`: of a day, a share of the price. `ratio`: (before, after) of the split of even years. `jump`: what July
    of even years multiplies the price by, with no split. `quiet`: trading days of May that have rows without a close,
    then days without rows. `trades`: on so many days of every so many there are trades, the others have rows without a
    close. `known`: only so many days are told; 0 for all."""

    secid: str
    name: str
    shortname: str
    isin: str
    price: float = 100.0
    swing: float = 0.015
    index: str = ""
    ratio: tuple[int, int] | None = None
    jump: float = 1.0
    quiet: tuple[int, int] = (0, 0)
    trades: tuple[int, int] = (1, 1)
    listed: dt.date = dt.date(FIRST_YEAR, 1, 1)
    delisted: dt.date | None = None
    known: int = 0
    type: str = "common_share"
    group: str = "stock_shares"
    engine: str = "stock"
    market: str = "shares"
    board: str = "TQBR"
    decimals: int = 2

    def is_traded(self, day: dt.date) -> bool:
        return self.listed <= day and (self.delisted is None or day <= self.delisted)


def _index(secid: str, name: str, file: str, isin: str) -> Paper:
    return Paper(
        secid=secid,
        name=name,
        shortname=name,
        isin=isin,
        index=file,
        type="stock_index",
        group="stock_index",
        market="index",
        board="SNDX",
    )


_ALL: Final = (
    _index("SP500", "Индекс S&P 500 (песочница)", "sp500.csv", "RU000SANDB08"),
    _index("NASDAQ", "Индекс NASDAQ (песочница)", "nasdaq.csv", "RU000SANDB16"),
    Paper(
        secid="SBER",
        name="Сбербанк России ПАО ао",
        shortname="Сбербанк",
        isin="RU0009029540",
        price=290.0,
        swing=0.007,
    ),
    Paper(
        secid="SBERP",
        name="Сбербанк России ПАО ап",
        shortname="Сбербанк-п",
        isin="RU0009029557",
        price=285.0,
        swing=0.008,
        type="preferred_share",
    ),
    Paper(secid="GAZP", name='"Газпром" (ПАО) ао', shortname='ПАО "Газпром"', isin="RU0007661625", price=160.0),
    Paper(secid="T", name="Т-Технологии МКПАО ао", shortname="Т-Техно ао", isin="RU000A107UL4", price=3_100.0),
    Paper(secid="WILD", name="Дикий Запад ПАО ао", shortname="ДикЗапад", isin="RU000SANDB24", swing=0.035),
    Paper(
        secid="SPLT",
        name="Делимое ПАО ап",
        shortname="Делимое",
        isin="RU000SANDB32",
        price=145_000.0,
        ratio=(1, 100),
        type="preferred_share",
    ),
    Paper(
        secid="CONS",
        name="Сводимое ПАО ао",
        shortname="Сводимое",
        isin="RU000SANDB40",
        price=0.02,
        ratio=(5000, 1),
        decimals=6,
    ),
    Paper(secid="JUMP", name="Прыжок ПАО ао", shortname="Прыжок", isin="RU000SANDB57", jump=0.4),
    Paper(secid="HALT", name="Пауза ПАО ао", shortname="Пауза", isin="RU000SANDB65", quiet=(3, 4)),
    Paper(secid="LONG", name="Молчание ПАО ао", shortname="Молчание", isin="RU000SANDB73", quiet=(2, 40)),
    Paper(secid="THIN", name="Тихое ПАО ао", shortname="Тихое", isin="RU000SANDBB5", trades=(4, 5)),
    Paper(secid="RARE", name="Редкое ПАО ао", shortname="Редкое", isin="RU000SANDBC3", trades=(1, 3)),
    Paper(
        secid="GONE",
        name="Былое ПАО ао",
        shortname="Былое",
        isin="RU000SANDB81",
        delisted=dt.date(2025, 3, 14),
    ),
    Paper(
        secid="SOON",
        name="Грядущее ПАО ао",
        shortname="Грядущее",
        isin="RU000SANDB99",
        listed=dt.date(2999, 1, 10),
    ),
    Paper(secid="NEWB", name="Новичок ПАО ао", shortname="Новичок", isin="RU000SANDBA7", known=60),
    Paper(
        secid="SU26238RMFS4",
        name="ОФЗ-ПД 26238 15/05/2041",
        shortname="ОФЗ 26238",
        isin="RU000A1038V6",
        price=58.0,
        swing=0.004,
        type="ofz_bond",
        group="stock_bonds",
        market="bonds",
        board="TQOB",
    ),
)
PAPERS: Final[Mapping[str, Paper]] = {paper.secid: paper for paper in _ALL}
