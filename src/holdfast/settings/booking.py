"""Holds, and the queues and batches that decide them."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from holdfast.settings.fields import Count, Seconds


class BookingSettings(BaseSettings):
    """Holds, and the queues and batches that decide them."""

    hold_seconds: int = Field(
        default=900, ge=1, le=86_400, description="How long a hold keeps its seats before it expires."
    )
    hold_extensions_max: int = Field(
        default=2, ge=0, le=100, description="How often a hold can be extended; 0: not at all."
    )
    hold_seconds_total_max: int = Field(
        default=0,
        ge=0,
        le=604_800,
        description=(
            "How long a hold lasts at most in all, from its creation, however often it is extended. 0: three times "
            "`HOLD_SECONDS`."
        ),
    )
    batch_commands_max: Count = Field(default=256, description="Most commands decided in one transaction.")
    batch_seats_max: int = Field(default=1000, ge=20, le=100_000, description="Most seats decided in one transaction.")
    batch_events_max: Count = Field(
        default=16,
        description="Most events whose few commands share one transaction; 1 gives each event its own.",
    )
    event_queue_max: Count = Field(
        default=4096, description="Most commands waiting for one event; any more get 503 with `outcome: none`."
    )
    process_queue_max: Count = Field(default=16_384, description="Most commands waiting in one process.")
    queue_wait_seconds_max: Seconds = Field(
        default=2.0,
        description="A command that has waited longer gets 503 with `outcome: none`; nothing is done for it.",
    )
    batch_seconds_max: Seconds = Field(
        default=8.0, description="Longest time spent on one batch, including all attempts."
    )

    holds_per_address_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description=(
            "New holds that one client address (of IPv6 one /64) may make at once, and then in each minute; any more "
            "get 429 `too_many_holds`. 0: no limit. Needs Redis, and `TRUSTED_PROXIES` where a proxy is in front."
        ),
    )
    rehold_seconds: int = Field(
        default=0,
        ge=0,
        le=86_400,
        description=(
            "How long a buyer who let `REHOLD_AFTER` holds of an event go may hold no more seats in it: 409 "
            "`rehold_too_soon`. 0: no limit. Needs Redis; set it for `holdfast work`, too."
        ),
    )
    rehold_after: Count = Field(
        default=3, description="Holds that a buyer may release or leave to expire before `REHOLD_SECONDS` applies."
    )

    @model_validator(mode="after")
    def _queues_fit(self) -> Self:
        if self.event_queue_max > self.process_queue_max:
            raise ValueError("EVENT_QUEUE_MAX must not be above PROCESS_QUEUE_MAX")
        return self
