"""The organiser's pages: events, halls, prices, channels, live sales, reservations, members, keys and the audit."""
