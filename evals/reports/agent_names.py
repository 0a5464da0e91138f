"""What reports call the agents of a run; two agents never have one name."""

from collections import Counter
from collections.abc import Mapping, Sequence

from evals.results import AgentInfo


def short_names(agents: Sequence[AgentInfo]) -> dict[str, str]:
    """By id the model, and of role and team what tells the run's agents apart; for plots and tables."""
    roles = len({agent.role for agent in agents}) > 1
    teams = len({agent.team for agent in agents}) > 1
    told = {}
    for agent in agents:
        parts = (agent.model, agent.role if roles else "", agent.team if teams else "")
        told[agent.id] = " · ".join(part for part in parts if part)
    return _apart(told)


def full_names(agents: Sequence[AgentInfo]) -> dict[str, str]:
    """By id the model, the role with its version, and the team."""
    return _apart({a.id: f"{a.model}, {a.role} {a.role_version}, {a.team}" for a in agents})


def stable_names(agents: Sequence[AgentInfo]) -> dict[str, str]:
    """By id what stays the same when templates change: the model, the role and the team."""
    return _apart({agent.id: f"{agent.model}, {agent.role}, {agent.team}" for agent in agents})


def _apart(told: Mapping[str, str]) -> dict[str, str]:
    counts = Counter(told.values())
    return {key: name if counts[name] == 1 else f"{name}, {key}" for key, name in told.items()}
