"""Sections as a form describes them: so many rows of so many seats, bent and numbered alike; or a standing area."""
