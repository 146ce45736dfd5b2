"""How far the attempts to write a batch have come, and so what its callers may be told."""

from dataclasses import dataclass

from holdfast.application.failures import ClientOutcome, Unavailable


@dataclass(slots=True, eq=False)
class Doubt:
    """A COMMIT was sent, and whether it stored anything is not known, or was not yet told to its callers.

    All commands that went in it share one.
    """

    version: int
    """The event's version upon which it was decided. Whatever a batch stores raises the version: who locks the event
    afterwards and still finds this one knows that nothing was stored."""
    over: bool = False


@dataclass(slots=True)
class Progress:
    """How far the attempts for a batch, or for one of its commands, have come."""

    doubt: Doubt | None = None
    given_up: bool = False
    """The clients were told that there was no time."""

    @property
    def in_doubt(self) -> bool:
        """Whether a COMMIT may have stored something. It stays so until the clients have their answers."""
        return self.doubt is not None and not self.doubt.over

    @property
    def outcome(self) -> ClientOutcome:
        """What a client may be told when the attempts are given up now."""
        return "unknown" if self.in_doubt else "none"

    def give_up(self) -> ClientOutcome:
        """Begin nothing any more; gives what the clients may be told."""
        self.given_up = True
        return self.outcome

    def check(self) -> None:
        """See that somebody still waits for the outcome.

        Raises:
            Unavailable: when it was given up.
        """
        if self.given_up:
            raise Unavailable("The database did not answer in time.", outcome=self.outcome)

    def locked_at(self, version: int) -> None:
        """Note at which version an attempt found the event once it had locked it."""
        if self.doubt is not None and self.doubt.version == version:
            self.doubt.over = True

    def about_to_commit(self, version: int) -> None:
        """Note that a COMMIT goes out now, unless clients were told that nothing happens.

        Args:
            version: The event's version upon which it was decided.

        Raises:
            Unavailable: when it was given up.
        """
        self.check()
        if not self.in_doubt:  # else the older one stands: at its version neither has stored anything
            self.doubt = Doubt(version)
