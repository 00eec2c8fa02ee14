"""Where tokens are had: the addresses of Account Manager and of its predecessor."""

from django.urls import path

from integrations.oauth.views import TokenView

token = TokenView.as_view()

urlpatterns = [
    path("dwsso/oauth2/access_token", token, name="token"),
    path("dw/oauth2/access_token", token, name="token-predecessor"),
]
