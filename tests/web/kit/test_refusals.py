"""A page cannot answer a refusal without a status: every one has one, or never reaches a page."""

import importlib
import pkgutil

import holdfast.domain
import holdfast.web
from holdfast.api.problems import PROBLEMS
from holdfast.domain.identity import refusals as identity
from holdfast.domain.refusal import Conflict, InvalidValue, NotFound, Refusal
from holdfast.domain.tickets import refusals as tickets
from holdfast.http.endpoints.problems import OF_HTTP
from holdfast.web.kit.problems import PAGE_PROBLEMS

ON_THE_COMMAND_LINE = {identity.AccountExists, identity.AccountNotFound, tickets.TicketKeyNotFound}
EXPLAINED_BY_THE_PAGE_ITSELF = {identity.SignInRefused, identity.TooManySignIns}
BASES = {NotFound, Conflict, InvalidValue}


def below(kind):
    return {one for direct in kind.__subclasses__() for one in (direct, *below(direct))}


def test_every_refusal_has_a_status_on_pages():
    for package in (holdfast.domain, holdfast.web):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    known = {*PROBLEMS, *OF_HTTP, *PAGE_PROBLEMS, *ON_THE_COMMAND_LINE, *EXPLAINED_BY_THE_PAGE_ITSELF, *BASES}
    ours = {kind for kind in below(Refusal) if kind.__module__.startswith("holdfast.")}
    assert sorted(kind.__name__ for kind in ours - known) == []
