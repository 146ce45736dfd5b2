"""How far the attempts to write a batch have got, and therefore what its callers may be told."""

from dataclasses import dataclass

from holdfast.application.failures import ClientOutcome, Unavailable


@dataclass(slots=True, eq=False)
class Doubt:
    """A COMMIT was sent, and it may have stored something that its callers have not been told of.

    All commands that went into that COMMIT share one `Doubt`.
    """

    version: int
    """The event's version on which the decision was based. Storing anything raises the version, so an attempt that
    locks the event later and still finds this version knows that nothing was stored."""
    over: bool = False


@dataclass(slots=True)
class Progress:
    """How far the attempts to write a batch, or one of its commands, have got."""

    doubt: Doubt | None = None
    given_up: bool = False
    """The clients have been told that time ran out."""

    @property
    def in_doubt(self) -> bool:
        """Whether a COMMIT may have stored something. It stays true until the clients have been answered."""
        return self.doubt is not None and not self.doubt.over

    @property
    def outcome(self) -> ClientOutcome:
        """What a client may be told if the attempts were given up now."""
        return "unknown" if self.in_doubt else "none"

    def give_up(self) -> ClientOutcome:
        """Prevent any further attempt from committing; return what the clients may be told."""
        self.given_up = True
        return self.outcome

    def check(self) -> None:
        """Check that someone still waits for the outcome.

        Raises:
            Unavailable: if the batch was given up.
        """
        if self.given_up:
            raise Unavailable("The database did not answer in time.", outcome=self.outcome)

    def locked_at(self, version: int) -> None:
        """Record the version that an attempt found once it had locked the event."""
        if self.doubt is not None and self.doubt.version == version:
            self.doubt.over = True

    def about_to_commit(self, version: int) -> None:
        """Record that a COMMIT is about to be sent.

        Args:
            version: The event's version on which the decision was based.

        Raises:
            Unavailable: if the batch was given up, so that clients may have been told that nothing happened.
        """
        self.check()
        if not self.in_doubt:  # an older doubt stays: at its version, neither COMMIT has stored anything
            self.doubt = Doubt(version)
