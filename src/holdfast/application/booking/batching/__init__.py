"""One queue and one batch per event: what gathers while a transaction is under way goes together in the next."""
