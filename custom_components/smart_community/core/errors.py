"""What the core refuses: a key and its values; the shell turns them into a translated sentence."""


class DomainError(Exception):
    """The caller's mistake. `key` names the sentence, `values` fill it (str to str)."""

    def __init__(self, key: str, **values: str) -> None:
        """Keep the key and the values of the sentence."""
        super().__init__(f"{key} {values}" if values else key)
        self.key = key
        self.values = values
