"""A model around another one, which passes calls on to it."""

from agents.completion import Model


class Around:
    """The part that is the same whatever the outer model adds: it goes by the other's name, and closes it."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """The other model's name."""
        return self._model.name

    async def aclose(self) -> None:
        """Let go of the other model's connections."""
        from agents.models import close_model

        await close_model(self._model)
