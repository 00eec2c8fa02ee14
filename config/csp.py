"""What a browser may load, for each part of the service; everything comes from here.

No page has inline scripts. The back office evaluates expressions of its own markup (Alpine) and
styles elements inline; the documentation page brings pictures as data, and one style of Swagger
UI's logo that is known by its hash; API answers load nothing.
"""

HEADER = "Content-Security-Policy"

_ALWAYS = "base-uri 'none'; frame-ancestors 'none'"
_API = f"default-src 'none'; form-action 'none'; {_ALWAYS}"
_LOGO = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"
_DOCUMENTATION = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {_LOGO}; img-src 'self' data:;"
    f" connect-src 'self'; form-action 'none'; {_ALWAYS}"
)
_BACK_OFFICE = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self';"
    f" form-action 'self'; {_ALWAYS}"
)


def policy_for(path: str) -> str:
    """Return the Content-Security-Policy of an address."""
    if path.startswith("/admin/"):
        return _BACK_OFFICE
    if path.startswith("/api/docs/"):
        return _DOCUMENTATION
    return _API
