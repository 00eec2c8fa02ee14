"""The token endpoint."""

import json
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.views.mixins import OAuthLibMixin


@method_decorator([csrf_exempt, sensitive_post_parameters("client_secret")], name="dispatch")
class TokenView(OAuthLibMixin, View):
    """POST a client's credentials (HTTP Basic or form body), get a bearer token (RFC 6749, 4.4).

    Every answer is JSON: the token, or `error` and `error_description` with 400 or 401.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Issue a token."""
        try:
            repeated = next((k for k, v in request.POST.lists() if len(v) > 1), None)
        except (BadRequest, SuspiciousOperation, MultiPartParserError) as unreadable:
            return _refuse(str(unreadable))
        if repeated is not None:
            return _refuse("A parameter is given more than once.")
        if request.GET:
            # oauthlib would say so too, but not before failing on a query it cannot decode.
            return _refuse("The parameters belong in the body.")
        _, _, body, status = self.create_token_response(request)
        return _answer(body, status=status)

    def http_method_not_allowed(
        self,
        request: HttpRequest,  # noqa: ARG002
        *_args: Any,
        **_kwargs: Any,
    ) -> HttpResponse:
        """405, in JSON like everything here."""
        answer = _refuse("Only POST is allowed.", status=405)
        answer["Allow"] = "POST"
        return answer


def _refuse(description: str, *, status: int = 400) -> HttpResponse:
    body = {"error": "invalid_request", "error_description": description}
    return _answer(json.dumps(body), status=status)


def _answer(body: str, *, status: int) -> HttpResponse:
    answer = HttpResponse(body, status=status, content_type="application/json")
    answer["Cache-Control"] = "no-store"
    answer["Pragma"] = "no-cache"
    if status == 401:  # noqa: PLR2004
        # The toolkit challenges for a bearer token; what is wanted here is the client's secret.
        answer["WWW-Authenticate"] = 'Basic realm="holdfast"'
    return answer
