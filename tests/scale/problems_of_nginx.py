"""Problem documents as nginx sends them."""

from holdfast.http.protocol.security_headers import SECURITY_HEADERS


def decoded(header: tuple[bytes, bytes]) -> tuple[str, str]:
    return header[0].decode(), header[1].decode()


def problem_in(answer, status: int, code: str) -> dict:
    """Assert a complete problem document, and return it."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:holdfast:problem:{code}"
    assert problem["error"] == problem["title"] != ""
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"] != ""
    assert {name: answer.headers.get(name, "").encode() for name, _ in map(decoded, SECURITY_HEADERS)} == {
        name: value.encode() for name, value in map(decoded, SECURITY_HEADERS)
    }
    assert answer.headers["cache-control"] == "no-store"
    assert ("allow" in answer.headers) == (status == 405)
    return problem
