"""Gets credentials as a user would: signs up, logs in; or takes the API key that the application was started with."""

import re
from collections.abc import Mapping

from evals.code.view import CodeView
from evals.probes.client import Answer
from evals.probes.explorer import Explorer, token_in
from evals.probes.targets import Target
from evals.probes.values import PASSWORD

_SIGN_UP = re.compile(r"(^|/)(register|registration|sign-?up|users|accounts)/?$", re.IGNORECASE)
_LOGIN = re.compile(
    r"(^|/)(log-?in|sign-?in|token|tokens|sessions?|authenticate|auth|access-token)/?$", re.IGNORECASE
)
_KEY_HEADER = re.compile(r"\bX-[A-Za-z-]{0,30}(?:Key|Token)\b", re.IGNORECASE)
_KEY_SETTING = re.compile(
    r"(?:^|_)(?:API_?KEYS?|API_?TOKENS?|AUTH_?TOKENS?|ACCESS_?KEYS?|SERVICE_?KEYS?)(?:_|$)"
)
_LEAVE = re.compile(r"(^|/)(log-?out|sign-?out)/?$", re.IGNORECASE)


def is_login(target: Target) -> bool:
    """Whether a target gives out credentials."""
    return target.method == "POST" and bool(_LOGIN.search(target.path)) and not target.parameters


def is_sign_up(target: Target) -> bool:
    """Whether a target makes accounts: by its path, and for ambiguous paths by its password."""
    if target.method != "POST" or not _SIGN_UP.search(target.path):
        return False
    plain = target.path.rstrip("/").endswith(("users", "accounts"))
    return not plain or any("password" in i.name.lower() for i in target.at("body"))


def leaves(target: Target) -> bool:
    """Whether a target takes credentials away."""
    return bool(_LEAVE.search(target.path)) or (target.method == "DELETE" and not target.parameters)


def get_credentials(explorer: Explorer, view: CodeView, settings: Mapping[str, str]) -> str:
    """Gives the explorer credentials; returns why there are none, where some endpoint needs them."""
    headers = dict(_api_key(explorer, view, settings))
    headers.update(log_in(explorer))
    explorer.credentials = tuple(headers.items())
    if headers or not any(t.guarded for t in explorer.targets):
        return ""
    return "no credentials could be had: no sign-up and login that grant any, and no API key in the settings"


def _api_key(explorer: Explorer, view: CodeView, settings: Mapping[str, str]) -> dict[str, str]:
    key = next((v for k, v in settings.items() if _KEY_SETTING.search(k.upper()) and v), "")
    if not key:
        return {}
    names = list(explorer.document.api_key_headers()) if explorer.document else []
    names += [i.name for t in explorer.targets for i in t.at("header") if _KEY_HEADER.fullmatch(i.name)]
    task = view.task
    if task and not names:
        names += _KEY_HEADER.findall(" ".join([task.task, *task.requirements])[:20_000])
    if not names and not any(is_login(t) for t in explorer.targets):
        return {"authorization": f"Bearer {key}", "x-api-key": key}
    return dict.fromkeys((name.lower() for name in names[:3]), key)


def log_in(explorer: Explorer) -> dict[str, str]:
    """Sign up as somebody new and log in; the headers that the application then knows the user by."""
    explorer.values.fresh()
    account: dict[str, object] = {}
    headers: dict[str, str] = {}
    for target in filter(is_sign_up, explorer.targets):
        granted = explorer.try_out(target, ())
        if granted is not None:
            account = dict(granted.body)
            headers = _told(granted.answer)
            break
    for target in filter(is_login, explorer.targets):
        for body in _logins(target, account):
            answer = explorer.send(target, body=body, headers=())[1]
            if answer.good and (told := _told(answer)):
                return told
    return headers


def _logins(target: Target, account: dict[str, object]) -> list[dict[str, object]]:
    """Bodies for a login with this account: the fields that it names, else the usual ones."""
    name = next((account[k] for k in ("email", "username", "login", "name") if k in account), None)
    password = next((v for k, v in account.items() if "password" in k.lower()), PASSWORD)
    if name is None:
        return []
    names = [i.name for i in target.at("body") if i.required is not False]
    if target.form:
        return [{"username": name, "password": password, "grant_type": "password"}]
    bodies = [{n: account.get(n, password if "pass" in n.lower() else name) for n in names}] if names else []
    bodies.append({"email": account.get("email", name), "password": password})
    bodies.append({"username": account.get("username", name), "password": password})
    return bodies


def _told(answer: Answer) -> dict[str, str]:
    """The headers that an answer's token or cookie makes."""
    token = token_in(answer)
    if token and token.isprintable() and token.isascii():
        return {"authorization": f"Bearer {token}"}
    cookie = answer.headers.get("set-cookie", "").partition(";")[0]
    return {"cookie": cookie} if cookie and cookie.isprintable() and cookie.isascii() else {}
