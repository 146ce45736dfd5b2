"""What the pages say in a language, so that a story can be told once for all of them."""

from holdfast.web.kit.languages import Language, words_of


class Words:
    """`words("Save")` is what the page says for it; `words("%(num)s seats", num=2)` with a value filled in."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._known = words_of(language)

    def __call__(self, text: str, **values: object) -> str:
        assert words_of("ja").gettext(text) != text, f"no page says this, or it has no translation: {text}"
        said = self._known.gettext(text)
        return said % values if values else said

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """A text that depends on a number, which it may name as `%(num)s`."""
        return self._known.ngettext(one, many, number) % {"num": number, **values}
