"""What a person can mend: said in one sentence, with the next step."""


class Trouble(Exception):
    """The stack cannot go on; `what` is wrong and `next_step` mends it."""

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}\n  → {self.next_step}" if self.next_step else self.what
