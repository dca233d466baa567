"""The registry of problem types: each with status, title, what happened, and what to do.

`type` of a problem document is `/problems/<code>`: an absolute path, the same in every installation, so that a program can
compare it. Each service serves the page at this path.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BY_CODE", "PROBLEM_PATH", "PROBLEM_TYPES", "ProblemType", "for_status"]

PROBLEM_PATH = "/problems"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem type. `detail` is an example of a response's sentence about its own case."""

    code: str
    status: int
    title: str
    happened: str
    remedy: str
    detail: str

    @property
    def uri(self) -> str:
        """The `type` member of a problem document (RFC 9457)."""
        return f"{PROBLEM_PATH}/{self.code}"


BAD_REQUEST = ProblemType(
    "bad-request",
    400,
    "The request cannot be read",
    "The request breaks the rules of HTTP, so the server cannot read it.",
    "Send the request with an HTTP library, or compare the headers with those of an example on the API page.",
    "Content-Length is not a number: send the number of bytes of the body.",
)
NOT_JSON = ProblemType(
    "not-json",
    400,
    "The body is not JSON",
    "The header Content-Type says JSON, but the body is not one JSON document in UTF-8.",
    "Check the body with a JSON parser. `errors` gives the position of the first wrong character.",
    "Send one JSON document in UTF-8.",
)
BODY_NOT_WHOLE = ProblemType(
    "body-not-whole",
    400,
    "The body is not whole",
    "The body's length differs from the header Content-Length. The body was not processed.",
    "Send the same request again. If it happens each time, a proxy between you and the server changes the body.",
    "Its length differs from Content-Length: send it again.",
)
UNAUTHORIZED = ProblemType(
    "unauthorized",
    401,
    "An API key is needed",
    "The request has no API key, or its key is not known, was revoked or has expired.",
    "Send the header `Authorization: Bearer <key>`. Ask the operator of the system for a key of this service.",
    "Send the key in the header: Authorization: Bearer <key>.",
)
FORBIDDEN = ProblemType(
    "forbidden",
    403,
    "This key may not do that",
    "The key is valid, but it does not have the scope, officer or machine that this operation needs.",
    "The API page names the scopes of each operation. Ask the operator for a key with one of them.",
    "This needs a key with the scope days:read.",
)
NOT_FOUND = ProblemType(
    "not-found",
    404,
    "Not found",
    "The address is right, but nothing with this id is here, or the key may not read it.",
    "Look the id up in the list that `detail` names. A key that is limited to units finds things of its units only.",
    "There is no officer with this employee_id. Look it up in the list of officers.",
)
NO_SUCH_ADDRESS = ProblemType(
    "no-such-address",
    404,
    "Nothing at this address",
    "No operation of this service has this path.",
    "Compare the path with the list on the API page of the service, for example /attendance/docs.",
    "There is nothing at /attendance/v1/employes. The paths of this API are listed at /attendance/docs.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "The method is not allowed",
    "The path exists, but not with this HTTP method.",
    "Use a method that the header `Allow` lists.",
    "Use GET or POST here.",
)
REQUEST_TIMEOUT = ProblemType(
    "request-timeout",
    408,
    "The request took too long",
    "The body took too long to arrive. It was not processed.",
    "Send the same request again. Over a slow line, send fewer rows at a time.",
    "Send the body within 30 s.",
)
CONFLICT = ProblemType(
    "conflict",
    409,
    "Not possible in the present state",
    "The request is right, but the state of the resource does not allow it, for example already decided.",
    "Read it again and decide by its present state. The same request gives the same answer.",
    "The notice is released; only a draft can be released.",
)
GONE = ProblemType(
    "gone",
    410,
    "No longer available",
    "It existed, and was used, revoked or has expired.",
    "Ask whoever gave it to you for a new one.",
    "This link has expired.",
)
TOO_LARGE = ProblemType(
    "too-large",
    413,
    "The content is too large",
    "The body has more bytes than this request may have: 65536 without a valid key, 1048575 with one.",
    "Split the content into several requests. Send the key with each of them.",
    "The body may have at most 1048575 bytes here: split it, or send a valid key if you have not.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "The content type is not supported",
    "The header Content-Type is missing, or names a type that this operation does not read."
    " `curl -d` sends application/x-www-form-urlencoded unless a header says otherwise.",
    "Send the type that `detail` names, for example with `curl -H 'Content-Type: application/json'`.",
    "Send the body as application/json: add the header Content-Type: application/json.",
)
INVALID_REQUEST = ProblemType(
    "invalid-request",
    422,
    "The request is not valid",
    "A parameter or a field of the body is missing, is not known, or has a value of another type or range.",
    "Correct each place that `errors` lists: `at` is the place (such as query/limit or body/name), `message` what is"
    " expected. The API page describes every field.",
    "Correct the query parameter `limit`: Input should be less than or equal to 1000.",
)
INVALID_CONTENT = ProblemType(
    "invalid-content",
    422,
    "The content is not valid",
    "Each field has the right form, but the content breaks a rule, for example an end before its start.",
    "Correct what `detail` names. If `errors` is there, it lists every fault with its place.",
    "`to` must not be before `from`, and at most 400 days after it.",
)
TOO_MANY_REQUESTS = ProblemType(
    "too-many-requests",
    429,
    "Too many requests",
    "This key, link or address sent more requests than the server answers in a minute, or too many wrong keys.",
    "Wait as many seconds as the header `Retry-After` says, then continue more slowly.",
    "This key sends too many requests. Try again in 24 s.",
)
INTERNAL_ERROR = ProblemType(
    "internal-error",
    500,
    "Internal error",
    "The server has a fault. The request may be right.",
    "Give the operator the request id: it is in the header `X-Request-Id`, and the fault is logged under it.",
    "The fault was logged under the request id 7d1c0e5a4b3f4e0c9a2b8d6e1f0a3c57.",
)
NO_ANSWER = ProblemType(
    "no-answer",
    502,
    "The service does not answer",
    "The gateway reached no process of the service, or got no answer in time (then the status is 504)."
    " The request may have been carried out.",
    "Send the same request again after as many seconds as the header `Retry-After` says. If it continues, tell the operator.",
    "The service behind the gateway does not answer. Send the same request again later.",
)
UNAVAILABLE = ProblemType(
    "unavailable",
    503,
    "Temporarily unavailable",
    "The service or its database does not answer at present. The request was not carried out.",
    "Send the same request again after as many seconds as the header `Retry-After` says.",
    "The database does not answer. Send the same request again later.",
)
TOO_BUSY = ProblemType(
    "too-busy",
    503,
    "Too busy",
    "Too many large bodies are being read at the same time. The request was not carried out.",
    "Send the same request again after as many seconds as the header `Retry-After` says.",
    "Too many large bodies arrive at once. Send it again later.",
)

PROBLEM_TYPES: tuple[ProblemType, ...] = tuple(value for value in globals().values() if isinstance(value, ProblemType))
"""In the order of their statuses."""
BY_CODE = {kind.code: kind for kind in PROBLEM_TYPES}


def for_status(status: int) -> ProblemType:
    """The type of an exception that a library raises with a status alone; other client errors are bad requests."""
    if status >= 500:
        return UNAVAILABLE if status == UNAVAILABLE.status else INTERNAL_ERROR
    general = (UNAUTHORIZED, FORBIDDEN, NO_SUCH_ADDRESS, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
    return next((kind for kind in general if kind.status == status), BAD_REQUEST)
