"""Which endpoints a requirement names."""

import pytest

from prompts.task import Task


def endpoints(*requirements: str) -> list[str]:
    task = Task(task="t", framework="f", requirements=requirements)
    return [f"{endpoint.method} {endpoint.path}" for endpoint in task.endpoints]


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("POST /auth/login - Login, return JWT", ["POST /auth/login"]),
        ("POST /a, POST /b - JWT", ["POST /a", "POST /b"]),
        (
            "GET /accounts/{id} - Balance; GET /accounts/{id}/entries",
            ["GET /accounts/{id}", "GET /accounts/{id}/entries"],
        ),
        ("GET /products?search=&min=&sort=price|name&page=", ["GET /products"]),
        ("GET, PUT and DELETE /notes/{id}.", ["GET /notes/{id}", "PUT /notes/{id}", "DELETE /notes/{id}"]),
        ("GET/POST /x", ["GET /x", "POST /x"]),
        ("**GET /x**, `PATCH /x/<int:id>`: change", ["GET /x", "PATCH /x/<int:id>"]),
        ("(GET /{code})", ["GET /{code}"]),
        ("GET / - health", ["GET /"]),
        ("Someone else's note answers 404; DELETE is idempotent, see /docs", []),
        ("GET https://example.org/x when asked", []),
        ("FORGET /x and TARGET /y", []),
    ],
)
def test_a_requirement_names_its_endpoints(requirement: str, expected: list[str]) -> None:
    assert endpoints(requirement) == expected


def test_crud_is_five_endpoints_in_the_style_of_the_task() -> None:
    assert endpoints("CRUD on /products (sku unique)", "POST /products/:id/reserve") == [
        "GET /products",
        "POST /products",
        "GET /products/:id",
        "PUT /products/:id",
        "DELETE /products/:id",
        "POST /products/:id/reserve",
    ]
    assert endpoints("CRUD endpoints for `/a/{id}`")[2:] == ["GET /a/{id}", "PUT /a/{id}", "DELETE /a/{id}"]


def test_the_same_endpoint_counts_once_whatever_its_parameter_is_called() -> None:
    assert endpoints("GET /x/:id", "GET /x/{key} - again", "GET /x/") == ["GET /x/:id", "GET /x/"]


def test_an_endpoint_remembers_its_requirement() -> None:
    task = Task(task="t", framework="f", requirements=("POST /a, POST /b - both",))
    assert {endpoint.requirement for endpoint in task.endpoints} == {"POST /a, POST /b - both"}


def test_long_texts_take_linear_time() -> None:
    hostile = ("GET," * 50_000, "GET" + " " * 200_000, "/GET" * 50_000, "CRUD " * 50_000, "{" * 200_000)
    assert endpoints(*hostile) == []
    assert len(endpoints("GET /" + "{<" * 100_000)) == 1
