"""Who talks to whom in a sample."""

from dataclasses import dataclass

from prompts.errors import ConfigError

BUILDER = "backend-builder"
EXPERT = "backend-expert"


@dataclass(frozen=True, slots=True)
class Team:
    """``designs``: the expert makes a design first. ``reviews``: it reviews each answer before a repair."""

    name: str
    summary: str
    designs: bool = False
    reviews: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that take part, in the order of their first call."""
        return (EXPERT, BUILDER) if self.designs or self.reviews else (BUILDER,)


TEAMS = {
    team.name: team
    for team in (
        Team("build", "the builder alone"),
        Team("design-build", "the expert designs, the builder builds", designs=True),
        Team(
            "design-build-review",
            "the expert designs and reviews, the builder builds",
            designs=True,
            reviews=True,
        ),
    )
}


def find_team(name: str) -> Team:
    """The team of that name. Raises ConfigError for an unknown one."""
    if name not in TEAMS:
        raise ConfigError(f"no team is called {name!r}", f"use one of: {', '.join(TEAMS)}")
    return TEAMS[name]
