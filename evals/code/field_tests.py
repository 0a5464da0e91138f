"""How closely functions look at the fields that they are given: by their names in conditions and checks."""

from itertools import islice

from evals.code import nodes as n
from evals.code.fields import Care
from evals.code.project import Found, Project

_LOOKS = frozenset(
    ("match", "fullmatch", "search", "test", "MatchString", "isdigit", "isalpha", "isalnum", "isEmail",
     "isLength", "startswith", "endswith", "startsWith", "includes", "len", "int", "float", "Decimal", "UUID",
     "fromisoformat", "strptime", "Number", "parseInt", "parseFloat", "isInteger", "isFinite", "Atoi",
     "ParseInt", "ParseFloat", "urlparse", "urlsplit", "validate_email", "isinstance", "RuneCountInString",
     "has", "Contains", "isNaN", "Parse", "ParseAddress", "url", "URL", "isURL", "min", "max", "clamp",
     "issubset", "ParseBool", "ParseUint", "isArray", "ip_address", "isBlank", "isEmpty", "is_empty", "matches",
     "is_match", "hasText", "hasLength", "length")
)  # fmt: skip
_TYPED_ONLY = frozenset(
    {"isinstance", "int", "float", "Number", "parseInt", "parseFloat", "Atoi", "ParseInt", "isArray"}
)
_MOST_WORDS = 4000


class FieldTests:
    """Answers for all fields of a project; what each function mentions is gathered once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._looks: dict[int, _Looks] = {}

    def care(self, found: Found, name: str) -> Care:
        """How closely a function looks at a field; with no name, at anything."""
        function = found.node
        if not isinstance(function, n.Function):
            return Care.NONE
        if id(function) not in self._looks:
            self._looks[id(function)] = _Looks(function)
        looks = self._looks[id(function)]
        names = looks.names_of(name)
        if any(not words.isdisjoint(names) for words in looks.compared):
            return Care.LIMITS
        best = Care.NONE
        for words, care in looks.checks:
            if not name or not words.isdisjoint(names):
                best = max(best, care)
        if best < Care.LIMITS and self._refused(found, looks, name):
            return Care.LIMITS
        if best < Care.PRESENCE and any(not words.isdisjoint(names) for words in looks.tested):
            return Care.PRESENCE
        return best

    def _refused(self, found: Found, looks: "_Looks", name: str) -> bool:
        """Whether the field is handed to a helper of the project that tests something and turns it down."""
        for call in looks.calls.get(name, ()):
            inner = self._project.callee(found.module, call.func)
            if inner is not None and isinstance(inner.node, n.Function) and _refuses(inner.node):
                return True
        return False


class _Looks:
    """What one function compares, checks, tests and hands on, by the words in it."""

    def __init__(self, function: n.Function) -> None:
        self.compared: list[frozenset[str]] = []
        for item in n.only(function, n.Compare):
            if item.op in {"in", "not in"}:
                self.compared.append(_words(item.left))
            elif item.op in {"<", "<=", ">", ">="}:
                self.compared.append(_words(item.left) | _words(item.right))
        self.checks: list[tuple[frozenset[str], Care]] = []
        self.calls: dict[str, list[n.Call]] = {}
        for call in n.only(function, n.Call):
            name = n.last(call.func)
            if name in _LOOKS:
                self.checks.append((_words(call), Care.TYPE if name in _TYPED_ONLY else Care.LIMITS))
                continue
            for arg in call.args[:4]:
                for word in {n.last(arg), arg.value if isinstance(arg, n.Const) else None}:
                    if isinstance(word, str):
                        self.calls.setdefault(word, []).append(call)
        self.tested = [_words(item.test) for item in n.only(function, n.If)]
        self._assigned = [
            (_words(item.value), {n.last(t) for t in item.targets if isinstance(t, n.Name)})
            for item in n.only(function, n.Assign)
            if item.value is not None
        ]

    def names_of(self, name: str) -> frozenset[str]:
        """A field's name, and the variables that it is put in."""
        found = {name}
        for words, targets in self._assigned:
            if name in words:
                found |= targets
        return frozenset(found)


def _refuses(function: n.Function) -> bool:
    """Whether a helper tests something and turns it down."""
    tests = any(isinstance(i, (n.Compare, n.If)) for i in n.inside(function))
    return tests and any(isinstance(i, (n.Raise, n.Return)) for i in n.inside(function))


def _words(expr: n.Node) -> frozenset[str]:
    """The names, attributes and texts in an expression."""
    found: set[str] = set()
    for item in islice(n.walk(expr), _MOST_WORDS):
        if isinstance(item, n.Name):
            found.add(item.id)
        elif isinstance(item, n.Attr):
            found.add(item.name)
        elif isinstance(item, n.Const) and isinstance(item.value, str) and item.value:
            found.add(item.value)
    return frozenset(found)
