"""The table of all pages. Routes, metric labels and tests are made from it."""

from holdfast.web import language, static_files
from holdfast.web.kit.page import Page

PAGES: tuple[Page, ...] = (
    *static_files.PAGES,
    *language.PAGES,
)
