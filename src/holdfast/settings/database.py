"""PostgreSQL: where it is, and how many connections a process has."""

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from holdfast.server_urls import cells, parts, postgres
from holdfast.server_urls.cells import Cell
from holdfast.settings.fields import Port, fill, plain

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class DatabaseSettings(BaseSettings):
    """PostgreSQL: where it is, and how many connections a process has."""

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL: `postgresql://user:password@host:port/name?sslmode=…`. Overrides `DB_*`.",
    )
    db_host: str | None = Field(
        default=None,
        description="PostgreSQL's host name, address or socket folder, when there is no `DATABASE_URL`.",
    )
    db_port: Port = Field(default=5432, description="PostgreSQL's port.")
    db_user: str = Field(default="holdfast", min_length=1, description="PostgreSQL's role.")
    db_password: SecretStr | None = Field(default=None, description="That role's password.")
    db_name: str = Field(default="holdfast", min_length=1, description="PostgreSQL's database.")
    db_sslmode: SslMode = Field(default="prefer", description="How the connection to PostgreSQL is encrypted.")
    cells: SecretStr | None = Field(
        default=None,
        description=(
            "Further databases that events are spread over, as JSON: "
            '`{"1": {"url": "postgresql://…", "schema": "…", "plan_mode": "generic", "citus": false}}`; all but `url` '
            "may be left out. Cell 0 is `DATABASE_URL`."
        ),
    )
    write_pool_size: int = Field(
        default=4, ge=1, le=100, description="Connections to PostgreSQL for batches, in each process and for each cell."
    )
    read_pool_size: int = Field(
        default=4, ge=1, le=100, description="Connections to PostgreSQL for reads, in each process and for each cell."
    )
    catalogue_pool_size: int = Field(
        default=2,
        ge=1,
        le=100,
        description=(
            "Connections to PostgreSQL for changes to events and charts, in each process and for each cell. "
            "Bulk calls use all but one of them at a time."
        ),
    )

    @field_validator("db_host")
    @classmethod
    def _hosts(cls, value: str | None) -> str | None:
        for host in (value or "").split(","):
            parts.check_host(host)
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres_url(cls, value: SecretStr | None) -> SecretStr | None:
        return value and SecretStr(postgres.checked(value.get_secret_value()))

    @field_validator("cells")
    @classmethod
    def _each_cell(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            cells.parse(value.get_secret_value())
        return value

    def all_cells(self) -> tuple[Cell, ...]:
        """Return cell 0 and those of `CELLS`, in the order of their numbers. There must be a database."""
        assert self.database_url is not None, "the commands make sure of a database"
        return (Cell.of(self.database_url.get_secret_value()), *self.further_cells())

    def further_cells(self) -> tuple[Cell, ...]:
        """Return the cells of `CELLS`, in the order of their numbers."""
        return () if self.cells is None else cells.parse(self.cells.get_secret_value())

    def _database_url_of_parts(self, host: str) -> str:
        login = (self.db_user, plain(self.db_password))
        url = postgres.from_parts(host, self.db_port, self.db_name, login, {"sslmode": self.db_sslmode})
        try:
            return postgres.checked(url)
        except ValueError as error:
            raise ValueError(f"DB_HOST, DB_SSLMODE: what they make {error}") from None

    @model_validator(mode="after")
    def _database_url_in_parts(self) -> Self:
        if self.database_url is None and self.db_host is not None:
            fill(self, "database_url", SecretStr(self._database_url_of_parts(self.db_host)))
        return self

    @model_validator(mode="after")
    def _cells_are_distinct(self) -> Self:
        if self.cells is None or self.database_url is None:  # an embedded run starts the database of cell 0 later
            return self
        try:
            cells.require_distinct(self.all_cells())
        except ValueError as error:
            raise ValueError(f"CELLS: {error}") from None
        return self
