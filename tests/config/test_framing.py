"""How API messages are framed: lengths are said, chunked bodies are read."""

from io import BytesIO
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, content_type="application/json")


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [path("inventory/echo", echo), path("inventory/nothing", nothing)]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def send_chunked(client: Client, url: str, body: bytes) -> Any:
    """Send what a server makes of a chunked request: no length, and an input that ends."""
    environ = {
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_TYPE": "application/json",
    }
    return client.generic("POST", url, **environ)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("body", [b"{}", b"", b"x" * 100_000])
def test_an_answer_says_its_length(client: Client, body: bytes) -> None:
    answer = client.post("/inventory/echo", body, content_type="application/json")

    assert answer["Content-Length"] == str(len(body))


@pytest.mark.urls(__name__)
def test_an_error_says_its_length(client: Client) -> None:
    answer = client.get("/inventory/nowhere")

    assert answer.status_code == 404
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.urls(__name__)
def test_no_content_has_neither_type_nor_length(client: Client) -> None:
    answer = client.get("/inventory/nothing")

    assert "Content-Type" not in answer
    assert "Content-Length" not in answer


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("body", [b'{"sku": "mug"}', b""])
def test_a_chunked_body_is_read(client: Client, body: bytes) -> None:
    assert send_chunked(client, "/inventory/echo", body).content == body


@pytest.mark.urls(__name__)
def test_an_endless_chunked_body_is_refused(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    answer = send_chunked(client, "/inventory/echo", b"x" * 11)

    assert answer.status_code == 400  # 413 from views that tell errors apart
    assert answer["Content-Type"] == "application/problem+json"
    assert send_chunked(client, "/inventory/echo", b"x" * 10).status_code == 200
