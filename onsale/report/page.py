"""Writes the tables and plots of docs/scale.md, and the example of docs/capacity.md."""

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from holdfast.cli.sizing.estimate import OnSale, Pools, estimate
from holdfast.cli.sizing.measured import measured
from holdfast.cli.sizing.written import as_text
from holdfast.settings import Settings
from onsale.report import experiments, plots, tables
from onsale.validate import compared

PAGE = Path("docs/scale.md")
PLOTS = Path("docs/scale")
CAPACITY = Path("docs/capacity.md")


def write_page() -> None:
    """Simulate everything, and write it down."""
    begin = time.process_time()
    told, constants = compared.read(), measured()
    found = experiments.run(constants, _say)
    written = {
        "constants": tables.constants(constants),
        "compared": tables.comparisons(told),
        "hot event": tables.hot_event(found),
        "bounds": tables.bounds(found),
        "million": tables.million(found),
        "storms": tables.storms(found),
    }
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), written), encoding="utf-8")
    CAPACITY.write_text(with_example(CAPACITY.read_text(encoding="utf-8")), encoding="utf-8")
    for name, svg in (*plots.comparison(told), *plots.simulated(found)):
        (PLOTS / f"{name}.svg").write_text(svg, encoding="utf-8")
    _say(f"{PAGE} is written; this took {time.process_time() - begin:.0f} s of CPU")


def with_tables(page: str, written: Mapping[str, str]) -> str:
    """Put tables between their marks.

    Raises:
        ValueError: The page has no marks for one of them.
    """
    for name, table in written.items():
        mark = re.compile(rf"(<!-- {name}: written by make onsale -->\n).*?(<!-- end -->)", re.DOTALL)
        page, found = mark.subn(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", page)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"{PAGE} has no place for the table {name!r}")
    return page


def with_example(page: str) -> str:
    """Put what the calculator prints below its example into docs/capacity.md: some of it was measured just now."""
    defaults = Settings()
    pools = Pools(defaults.write_pool_size, defaults.read_pool_size, defaults.catalogue_pool_size)
    sale = OnSale(seats=50_000, buyers=200_000, minutes=10)
    printed = as_text(sale, estimate(sale, pools))
    return re.sub(r"```text\n.*?\n```", lambda _: f"```text\n{printed}\n```", page, count=1, flags=re.DOTALL)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
