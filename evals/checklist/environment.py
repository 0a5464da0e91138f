"""How code reads the environment, in every language."""

from evals.code import nodes as n

READS = frozenset(
    ("os.getenv", "getenv", "os.environ.get", "environ.get", "os.Getenv", "os.LookupEnv", "System.getenv", "env.var",
     "std.env.var", "env.var_os", "option_env", "dotenvy.var", "dotenv.var", "syscall.Getenv", "System.getProperty",
     "Deno.env.get")
)  # fmt: skip
"""Calls that read a variable of the environment."""

BASES = frozenset({"process.env", "env", "config", "import.meta.env", "Bun.env", "environ", "os.environ"})
"""What holds the environment, or settings read from it."""

GETTERS = frozenset(
    ("getenv", "get", "config", "env", "str", "string", "setdefault", "getOrDefault", "getProperty", "pop",
     "getOrThrow", "required", "optional", "SetDefault", "set_default", "setDefault", "String", "getattr", "secret",
     "StringVar")
)  # fmt: skip
"""Calls that take a name and perhaps what stands in for it."""

RESTS = frozenset(
    ("default", "unwrap_or", "unwrap_or_else", "unwrap_or_default", "orElse", "orElseGet", "map_or", "or_else", "or",
     "requireNonNullElse", "defaultIfBlank", "defaultString", "defaultIfEmpty")
)  # fmt: skip
"""Methods of what was read, with what stands in for it."""

_WHOLE = frozenset({"process.env", "os.environ", "import.meta.env"})


def reads_environment(item: n.Node) -> bool:
    """Whether a node is a read of the environment."""
    if isinstance(item, n.Call):
        return n.dotted(item.func) in READS
    return isinstance(item, (n.Attr, n.Index)) and n.dotted(item.base) in _WHOLE


def environment_reads(module: n.Module) -> int:
    """How often a module reads the environment."""
    nodes: tuple[n.Node, ...] = (*n.only(module, n.Call), *n.only(module, n.Attr), *n.only(module, n.Index))
    return sum(
        reads_environment(item) for item in nodes if not (isinstance(item, n.Attr) and item.name == "get")
    )
