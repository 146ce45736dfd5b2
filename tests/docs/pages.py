"""The documentation as data: its pages, headings, links and fenced blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(language, text) for language, text in _FENCED.findall(page.read_text())]


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text())


def headings(page: Path) -> list[tuple[int, str]]:
    return [(len(marks), text) for marks, text in re.findall(r"^(#+) (.+)$", prose(page), re.MULTILINE)]


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings can be linked to."""
    plain = [re.sub(r"[^\w\- ]", "", text.lower()) for _, text in headings(page)]
    return {text.replace(" ", "-") for text in plain}


def links(page: Path) -> list[str]:
    """Links to other files and headings of this project."""
    return [link for link in _LINK.findall(prose(page)) if "://" not in link and not link.startswith("mailto:")]


def code_words(page: Path) -> list[str]:
    return _CODE.findall(prose(page))
