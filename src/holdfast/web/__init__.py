"""The pages: for buyers with a phone, and for organisers who have never seen the API."""
