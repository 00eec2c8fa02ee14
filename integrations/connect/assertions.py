"""Signed assertions of the JWT bearer grant (RFC 7523): reading keys and checking claims.

Nothing here touches the database: whose key it is and whether the assertion was seen before is
the service's part.
"""

import base64
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from integrations.connect.errors import InvalidAssertion, InvalidPublicKey

LIFETIME = timedelta(minutes=5)
MAX_LENGTH = 8_192
LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
"""What clients name as the audience when they do not know that we are not Salesforce."""

_KEYS: dict[str, type[RSAKey] | type[ECKey]] = {"RS256": RSAKey, "ES256": ECKey}
_MIN_RSA_BITS = 2048
_MAX_TEXT = 255


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as it is stored."""

    algorithm: str
    pem: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What an assertion says; `token_id` (`jti`) is None when it has none."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expires_at: datetime
    token_id: str | None


def read_public_key(text: str) -> PublicKey:
    """Read an RSA (2048 bits or more) or P-256 key: PEM, a certificate (PEM), or a JWK.

    Raises InvalidPublicKey, for a private key too.
    """
    key = _loaded(text.strip())
    if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        algorithm = "RS256"
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        algorithm = "ES256"
    else:
        raise InvalidPublicKey
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(serialization.Encoding.DER, info))
    return PublicKey(
        algorithm=algorithm,
        pem=key.public_bytes(serialization.Encoding.PEM, info).decode(),
        fingerprint=digest.finalize().hex(),
    )


def _loaded(text: str) -> Any:
    try:
        if text.startswith("{"):
            return _from_jwk(json.loads(text))
        if "BEGIN CERTIFICATE" in text:
            return x509.load_pem_x509_certificate(text.encode()).public_key()
        return serialization.load_pem_public_key(text.encode())
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidPublicKey from error


def _from_jwk(jwk: dict[str, Any]) -> Any:
    if "d" in jwk:
        raise InvalidPublicKey  # a private key belongs to nobody but its owner
    if jwk["kty"] == "RSA":
        return RSAPublicNumbers(e=_number(jwk["e"]), n=_number(jwk["n"])).public_key()
    if jwk["kty"] == "EC" and jwk["crv"] == "P-256":
        point = EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), SECP256R1())
        return point.public_key()
    raise InvalidPublicKey


def _number(text: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True))


def issuer_of(assertion: str) -> str:
    """Return who claims to have signed it, unproved; InvalidAssertion."""
    if len(assertion) > MAX_LENGTH:
        raise InvalidAssertion
    try:
        parsed = jws.extract_compact(assertion.encode())
        claims = json.loads(parsed.payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise InvalidAssertion from error
    return _text(claims, "iss")


def verified(assertion: str, keys: Iterable[PublicKey]) -> Claims:
    """Return the claims, signed by one of the keys; InvalidAssertion."""
    for key in keys:
        try:
            token = jwt.decode(
                assertion, _KEYS[key.algorithm].import_key(key.pem), algorithms=[key.algorithm]
            )
        except (JoseError, ValueError):
            continue
        return _claims(token.claims)
    raise InvalidAssertion


def check_claims(claims: Claims, *, audiences: Collection[str], now: datetime) -> None:
    """Refuse an assertion for somebody else, one that is over, and one that lives too long."""
    if not {audience.rstrip("/") for audience in claims.audiences} & set(audiences):
        message = f"The audience is invalid; it must be {' or '.join(sorted(audiences))}."
        raise InvalidAssertion(message)
    if claims.expires_at <= now:
        raise InvalidAssertion("The assertion has expired.")
    if claims.expires_at > now + LIFETIME:
        raise InvalidAssertion("The assertion expires later than five minutes from now.")


def _claims(claims: dict[str, Any]) -> Claims:
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    return Claims(
        issuer=_text(claims, "iss"),
        subject=_text(claims, "sub"),
        audiences=tuple(each for each in listed if isinstance(each, str)),
        expires_at=_instant(claims.get("exp")),
        token_id=_text(claims, "jti") if claims.get("jti") is not None else None,
    )


def _text(claims: Any, name: str) -> str:
    value = claims.get(name) if isinstance(claims, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        message = f"The assertion's claim {name} is missing or malformed."
        raise InvalidAssertion(message)
    return value


def _instant(value: Any) -> datetime:
    # Some clients write the number as text.
    try:
        return datetime.fromtimestamp(float(value), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        message = "The assertion's claim exp is missing or malformed."
        raise InvalidAssertion(message) from error
