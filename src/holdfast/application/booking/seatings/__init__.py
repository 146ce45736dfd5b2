"""Which seats of an event are free, kept up to date for choosing the best of them."""
