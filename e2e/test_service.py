"""Is it there, and does it answer in the shapes that clients expect?"""

import uuid

import pytest

SECURITY_HEADERS = ("x-content-type-options", "referrer-policy", "content-security-policy")
PROBLEM = {"type", "title", "status", "detail", "instance", "code", "error"}


def assert_problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= PROBLEM
    assert (problem["status"], problem["code"]) == (status, code)
    return problem


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
def test_it_is_healthy(installation, path):
    answer = installation.http.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_it_is_ready(installation):
    answer = installation.http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready"), answer.text


def test_its_document_describes_reservations(installation):
    answer = installation.http.get("/openapi.json")
    assert answer.status_code == 200
    assert any(path.endswith("/reservations") for path in answer.json()["paths"])


@pytest.mark.parametrize("path", ["/health", "/api/v1/events", "/api/v1/events/nonsense", "/nowhere"])
def test_every_answer_has_the_security_headers_and_a_request_id(installation, path):
    headers = installation.http.get(path).headers
    assert [name for name in SECURITY_HEADERS if name not in headers] == []
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]


def test_an_id_of_nothing_is_404(installation):
    assert_problem(installation.call("GET", f"/events/{uuid.uuid4()}"), 404, "event_not_found")


def test_bad_input_is_400_and_names_the_field(installation, buyer):
    answer = installation.call("POST", "/reservations", user=buyer, json={"event_id": "x"})
    problem = assert_problem(answer, 400, "invalid_request")
    assert problem["field"] == "event_id"


def test_who_says_not_who_they_are_is_401(installation):
    answer = installation.anonymous.get("/api/v1/reservations")
    assert_problem(answer, 401, "unauthenticated" if installation.token else "missing_user_id")


def test_a_draft_is_not_shown_to_others(installation, event):
    if installation.token is None:
        pytest.skip("in open mode everybody is an organiser")
    answer = installation.anonymous.get(f"/api/v1/events/{event.id}")
    assert_problem(answer, 404, "event_not_found")


def test_a_bad_token_is_401(installation):
    if installation.token is None:
        pytest.skip("in open mode there are no tokens")
    answer = installation.anonymous.get("/api/v1/events", headers={"Authorization": "Bearer nonsense"})
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
