"""How client secrets are stored."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class GeneratedSecretHasher(PBKDF2PasswordHasher):
    """PBKDF2 with few iterations, for generated secrets only.

    Iterations slow down guessing. A password needs them; 128 random characters cannot be guessed at
    any speed, and the password hasher's quarter of a second on every token call would be paid for
    nothing. Hence nobody may choose a secret: `services` generates every one.
    """

    algorithm = "pbkdf2_sha256_generated"
    iterations = 1_000
