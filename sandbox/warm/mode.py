"""When tests are run warm."""

from typing import Literal, get_args

from prompts.errors import ConfigError

# From the second run in an environment on, from the first one on, never, or both ways to compare them.
WarmMode = Literal["auto", "always", "off", "compare"]


def warm_mode(text: str) -> WarmMode:
    """The mode of that name. Raises ConfigError for another one."""
    modes: tuple[WarmMode, ...] = get_args(WarmMode)
    for mode in modes:
        if text == mode:
            return mode
    raise ConfigError(f"there is no --warm {text}", f"use one of: {', '.join(modes)}")
