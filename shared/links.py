"""Signed links that open one officer's own page without a login, for a limited time."""

from __future__ import annotations

from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from shared.errors import GoneError, NotFoundError

__all__ = ["LINK_SECONDS_MAX", "Links"]

LINK_SECONDS_MAX = 30 * 24 * 3600


class Links:
    """Makes and reads them. A token names a purpose and an officer, and is worth nothing for another purpose."""

    def __init__(self, key: str, public_url: str) -> None:
        if len(key) < 16:
            raise ValueError("KINERJA_LINK_KEY is shorter than 16 characters: make a longer one")
        self._key = key
        self.public_url = public_url.rstrip("/")

    def token(self, purpose: str, employee_id: UUID) -> str:
        return self._serializer(purpose).dumps(employee_id.hex)

    def read(self, purpose: str, token: str) -> UUID:
        """The officer. Raises NotFoundError for a forged or foreign token, GoneError for an expired one."""
        try:
            return UUID(hex=self._serializer(purpose).loads(token, max_age=LINK_SECONDS_MAX))
        except SignatureExpired as error:
            raise GoneError("Tautan ini sudah kedaluwarsa. Mintalah tautan baru.") from error
        except (BadSignature, ValueError, TypeError, AttributeError) as error:
            raise NotFoundError("Tautan ini tidak dikenal.") from error

    def my_score(self, employee_id: UUID) -> str:
        """The officer's page with the score and everything behind it."""
        return f"{self.public_url}/my/{self.token('my', employee_id)}"

    def inbox(self, employee_id: UUID) -> str:
        """The officer's inbox of notices."""
        return f"{self.public_url}/notices/inbox/{self.token('inbox', employee_id)}"

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._key, salt=f"kinerja.{purpose}")
