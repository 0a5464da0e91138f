"""How a Ruby application is started: Rails, a rackup file, or a script that listens.

The gems are this machine's, and found without Bundler, which would ask for those of development too.
"""

import re
from collections.abc import Mapping

from sandbox.application.start import PORT, Start, shell

_LISTENS = re.compile(r"\b(?:TCPServer|WEBrick::HTTPServer|Rack::Handler|Rackup::Handler|Puma::Server)\b")
_USUAL = tuple(
    f"{folder}{name}.rb" for folder in ("", "lib/", "bin/") for name in ("app", "server", "main", "api")
)


def find_ruby(files: Mapping[str, str]) -> Start | str:
    """``rails server``, ``rackup`` (or puma) or ``ruby FILE``."""
    if "bin/rails" in files:
        line = f"ruby bin/rails db:migrate; exec ruby bin/rails server -b 127.0.0.1 -p {PORT}"
        return shell(line, "rails server")
    if "config.ru" in files:
        line = (
            f"command -v rackup >/dev/null && exec rackup -o 127.0.0.1 -p {PORT}; "
            f"exec puma -b tcp://127.0.0.1:{PORT} config.ru"
        )
        return shell(line, "rackup")
    for path in _USUAL:
        text = files.get(path, "")
        if "sinatra" in text:
            return shell(f"exec ruby {path} -o 127.0.0.1 -p {PORT}", f"ruby {path}")
        if _LISTENS.search(text):
            return shell(f"exec ruby {path}", f"ruby {path}")
    return "no Rails application, config.ru, Sinatra file or script that listens was found"
