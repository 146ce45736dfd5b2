"""What buyers' pages show: the events that can be booked, and seats by the names that are printed on them."""
