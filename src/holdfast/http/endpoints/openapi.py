"""Builds the OpenAPI document from the route table.

It is version 3.0, the latest that the offline Swagger UI can show. The schemas use only what 3.0 and 3.1 have in
common.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

from holdfast import __version__
from holdfast.domain.identity.principal import USER_ID_MAX
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.http.endpoints import problems
from holdfast.http.endpoints.headers import ANSWER_HEADERS
from holdfast.http.endpoints.operation import Link, Operation, QueryParameter
from holdfast.http.endpoints.problems import BodyTooLarge, MethodNotAllowed, MissingUserId, OriginNotAllowed, Problems
from holdfast.http.protocol.refusal import INTERNAL

Json: TypeAlias = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_REQUEST_ID: Json = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Used if it is 1 to 128 letters, digits or any of `._:/+=@~-`, else replaced.",
    "schema": {"type": "string"},
}
_USER_ID: Json = {
    "name": "X-User-ID",
    "in": "header",
    "required": True,
    "description": "Who is asking: printable ASCII.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": USER_ID_MAX,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    },
    "example": "buyer-42",
}
_IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "`*`, or entity tags in quotes, separated by commas: without one of them nothing is changed.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'},
    "example": "*",
}
_ID: Json = {"type": "string", "format": "uuid"}
_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": USER_ID_MAX, "pattern": "^[!-~]+$"}
_BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "A JWT of an issuer that is trusted, or an API key; in `tokens` mode.",
}
_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. Further members explain the `code`.",
    "required": ["type", "title", "status", "detail", "instance", "code", "error", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "error": {"type": "string", "description": "The title again, for older clients."},
        "request_id": {"type": "string"},
        "outcome": {"type": "string", "enum": ["none", "unknown"], "description": "With 503."},
    },
}


class About(NamedTuple):
    """General information about the API."""

    title: str
    description: str
    tags: Mapping[str, str]
    """What the operations of each tag are for."""


def openapi_document(operations: Iterable[Operation[Any]], known: Problems, about: About, *, server: str = ".") -> Json:
    """Build the document.

    Args:
        operations: All operations. Those marked as undocumented are left out.
        known: The statuses and titles of refusals.
        about: General information.
        server: The service's root as callers see it; a relative URL counts from the document's own address.
    """
    shown = [operation for operation in operations if operation.in_document]
    types = [body for operation in shown for body in (*operation.request, *_answer_types(operation))]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schema_of = {repr(body): schema for body, schema in zip(types, schemas, strict=True)}
    paths: Json = {}
    for operation in shown:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schema_of, known)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": about.title,
            "version": __version__,
            "description": about.description,
            "license": {"name": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": description} for name, description in about.tags.items()],
        "paths": paths,
        "security": [{}, {"bearer": []}],
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "headers": ANSWER_HEADERS,
            "securitySchemes": {"bearer": _BEARER},
        },
    }


def _answer_types(operation: Operation[Any]) -> tuple[Any, ...]:
    body = operation.success.body
    if body is None:
        return ()
    return body if isinstance(body, tuple) else (body,)


def _operation(operation: Operation[Any], schema_of: dict[str, Json], known: Problems) -> Json:
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(operation.success.status): _success(operation, schema_of), **_problems(operation, known)},
    }
    if operation.description:
        described["description"] = operation.description
    if operation.request:
        content: Json = {"schema": _one_of(operation.request, schema_of)}
        if operation.request_examples:
            content["examples"] = {
                name.replace(" ", "-"): {"summary": name, "value": value}
                for name, value in operation.request_examples.items()
            }
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _one_of(types: tuple[Any, ...], schema_of: dict[str, Json]) -> Json:
    schemas = [schema_of[repr(body)] for body in types]
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


def _parameters(operation: Operation[Any]) -> list[Json]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT if name in operation.texts_in_path else _ID}
        for name in operation.path_parameters
    ]
    in_query = [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.description,
            "schema": _schema_of(parameter),
            "example": parameter.example,
        }
        for parameter in operation.query
    ]
    in_headers = [*([_USER_ID] if operation.needs_user else []), *([_IF_MATCH] if operation.if_match else [])]
    return [*in_path, *in_headers, *in_query, _REQUEST_ID]


def _schema_of(parameter: QueryParameter) -> Json:
    if parameter.is_id:
        return _ID
    if parameter.is_time:
        return {"type": "string", "format": "date-time"}
    return {"type": "string", "enum": list(parameter.values)} if parameter.values else {"type": "string"}


def _success(operation: Operation[Any], schema_of: dict[str, Json]) -> Json:
    success = operation.success
    names = ["X-Request-ID"]
    names += ["Event-Version"] if success.event_version else []
    names += ["ETag"] if success.tagged else []
    names += ["Idempotent-Replayed"] if success.replayed else []
    names += ["Missing-Cells"] if operation.lists_all else []
    answer: Json = {"description": success.description, "headers": _headers(*names)}
    if success.media_type is not None:
        types = _answer_types(operation)
        content: Json = {"schema": _one_of(types, schema_of) if types else {"type": "string"}}
        if success.example is not None:
            content["example"] = success.example
        answer["content"] = {success.media_type: content}
        answer["content"] |= {other: {"schema": {"type": "string"}} for other in success.other_media_types}
    if success.links:
        answer["links"] = {link.operation: _link(link, needs_user=operation.needs_user) for link in success.links}
    return answer


def _link(link: Link, *, needs_user: bool) -> Json:
    parameters = {link.parameter: link.value}
    if needs_user:
        parameters["X-User-ID"] = "$request.header.X-User-ID"
    return {"operationId": link.operation, "parameters": parameters}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problems(operation: Operation[Any], known: Problems) -> Json:
    """Describe all error answers by status, with the codes they may carry."""
    refusals: list[type[Refusal]] = [*operation.refusals, MethodNotAllowed]
    if operation.method != "GET":
        refusals.append(OriginNotAllowed)
    checked = any(parameter.is_id or parameter.is_time or parameter.values for parameter in operation.query)
    if operation.request or operation.path_parameters or operation.needs_user or checked:
        refusals.append(InvalidValue)
    if operation.needs_user:
        refusals.append(MissingUserId)
    if operation.method == "POST" or operation.request:
        refusals.append(BodyTooLarge)
    by_status: dict[int, list[tuple[str, str]]] = {}
    for refusal in refusals:
        row = known.row(refusal)
        by_status.setdefault(row.status, []).append((refusal.code, row.title))
    by_status[INTERNAL.status] = [(INTERNAL.code, INTERNAL.title)]
    if operation.uses_database:
        by_status[problems.UNAVAILABLE.status] = [(problems.UNAVAILABLE_CODE, problems.UNAVAILABLE.title)]
    waiting = {known.row(refusal).status for refusal in refusals if known.row(refusal).waits}
    waiting.add(problems.UNAVAILABLE.status)
    return {str(status): _problem(status, sorted(kinds), waiting) for status, kinds in sorted(by_status.items())}


def _problem(status: int, kinds: list[tuple[str, str]], waiting: set[int]) -> Json:
    names = ["X-Request-ID"]
    names += ["Allow"] if status == 405 else []
    names += ["WWW-Authenticate"] if status == 401 else []
    names += ["Retry-After"] if status in waiting else []
    names += ["Event-Version"] if status in {404, 409, 412, 422} else []
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"code": {"type": "string", "enum": [code for code, _ in kinds]}}},
        ]
    }
    return {
        "description": "; ".join(f"{title} (`{code}`)" for code, title in kinds) + ".",
        "headers": _headers(*names),
        "content": {"application/problem+json": {"schema": schema}},
    }
