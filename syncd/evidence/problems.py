"""What is wrong with a pack."""


class PackError(ValueError):
    """A pack that is refused: `file` is the first file in it that fails, or "the pack" itself."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file
