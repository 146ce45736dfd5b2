"""The buyer's pages: events, seats, holds, reservations and tickets."""
