"""The policy as a table: docs/identity.md contains it, and a test compares the two."""

from holdfast.application.identity.rules import RULES, Grant, Rule
from holdfast.domain.identity.roles import Role


def matrix_in_markdown() -> str:
    """Return the policy's table in Markdown, with a row for each verb."""
    roles = ["(nobody)" if role is Role.NOBODY else f"`{role.value}`" for role in Role]
    lines = [f"| operation | {' | '.join(roles)} | `open` mode |", "|---" * (len(roles) + 2) + "|"]
    for verb, rule in RULES.items():
        name = f"`{verb}`" if verb.is_operation else f"*{verb.replace('_', ' ')}*"
        cells = [rule.grant(role).value for role in Role]
        lines.append(f"| {' | '.join([name, *cells, _in_open_mode(rule)])} |")
    return "\n".join(lines) + "\n"


def _in_open_mode(rule: Rule) -> str:
    if rule.as_buyer:
        return rule.grant(Role.BUYER).value
    return "no" if rule.proved or rule.grant(Role.ORGANISER) is Grant.NO else "yes"
