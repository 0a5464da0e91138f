"""Exceptions that stop the work. Normal outcomes (diagnostics, verdicts) are data instead."""


class BacksmithError(Exception):
    """Root of everything that Backsmith raises on purpose.

    ``str(error)`` names the place and what is wrong; ``hint`` says what to do next (may be empty).
    ``exit_code`` is what the command line exits with.

    The tree::

        BacksmithError                 exit code 2
         +- ConfigError                2  a task file, option, model name or configuration is wrong
         +- UnsafePathError            2  a path would leave the folder it must stay in
         +- InfrastructureError        3  something outside the answer failed; says nothing about the answer
             +- ProviderError          3  a model provider refused, failed or timed out
             +- CassetteMissError      3  a replayed request is not on the cassette
             +- BudgetReachedError     3  the next call could cost more than the budget has left
             |   +- SampleBudgetReachedError   3  ... than the sample's own; others may go on
             +- SandboxError           3  no isolation, a tool missing, a service that did not come up
             +- StoreError             3  the run folder cannot be read or written
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(BacksmithError):
    """What the person gave (task file, option, model name, configuration) cannot be used."""


class UnsafePathError(BacksmithError):
    """A path would leave the folder that it must stay in."""


class InfrastructureError(BacksmithError):
    """Something that is no property of the answer failed; the sample is inconclusive."""

    exit_code = 3


class ProviderError(InfrastructureError):
    """A model provider refused, failed or timed out."""


class CassetteMissError(InfrastructureError):
    """A request is not on the cassette that is being replayed."""


class BudgetReachedError(InfrastructureError):
    """The next call could cost more than what the run's or the sample's budget has left."""


class SampleBudgetReachedError(BudgetReachedError):
    """The next call could cost more than what its sample's own budget has left; other samples may go on."""


class SandboxError(InfrastructureError):
    """No isolation works here, a tool is missing, or a service did not come up."""


class StoreError(InfrastructureError):
    """The run folder cannot be read or written."""
