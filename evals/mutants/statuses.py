"""Which status a mutant answers in place of another, and what a refusal with a status is about."""

from evals.mutants.mutant import Kind

OTHER = {200: 202, 201: 200, 202: 200, 204: 200, 307: 302, 302: 307, 400: 404, 401: 400, 403: 404, 404: 400, 409: 400,
         410: 404, 413: 400, 415: 400, 422: 400, 429: 400}  # fmt: skip
"""The status that stands in for another; one that a client can tell apart."""

NAMES = {
    200: "OK", 201: "CREATED", 202: "ACCEPTED", 204: "NO_CONTENT", 302: "FOUND", 307: "TEMPORARY_REDIRECT",
    400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "CONFLICT", 410: "GONE",
    422: "UNPROCESSABLE_ENTITY",
}  # fmt: skip


def about(status: int) -> Kind | None:
    """The kind of the mutant that takes away a refusal with this status; None where it is no such refusal."""
    if status in {401, 403}:
        return "guard"
    if status == 409:
        return "conflict"
    return "validation" if status in {400, 413, 415, 422} else None
