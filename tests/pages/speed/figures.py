"""A measured figure beside its budget."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    """The most it may be; None where there is no budget."""
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        return self.budget is None or self.value <= self.budget

    def written(self) -> str:
        """The value with its unit."""
        digits = 0 if abs(self.value) >= 100 else 1
        return f"{self.value:,.{digits}f} {self.unit}"

    def line(self) -> str:
        """The figure as a line of text."""
        budget = "" if self.budget is None else f", budget {self.budget:g}: {'kept' if self.kept else 'NOT KEPT'}"
        return f"{self.name}: {self.written()}{budget}"
