"""The status of the pages' own refusals."""

from holdfast.http.endpoints.problems import ProblemTable, Row
from holdfast.web.kit.refusals import CookiesNeeded

PAGE_PROBLEMS: ProblemTable = {CookiesNeeded: Row(400, "Cookies needed")}
