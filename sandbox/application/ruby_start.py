"""How a Ruby application is started: Rails, a rackup file, or Sinatra's own server."""

from collections.abc import Mapping

from sandbox.application.start import PORT, Start, shell


def find_ruby(files: Mapping[str, str]) -> Start | str:
    """``rails server``, ``rackup`` or ``ruby FILE``."""
    if "bin/rails" in files:
        line = f"bundle exec rails db:migrate; exec bundle exec rails server -b 127.0.0.1 -p {PORT}"
        return shell(line, "rails server")
    if "config.ru" in files:
        return shell(f"exec bundle exec rackup -o 127.0.0.1 -p {PORT}", "rackup")
    for path in ("app.rb", "main.rb", "server.rb"):
        if path in files and "sinatra" in files[path]:
            return shell(f"exec bundle exec ruby {path} -o 127.0.0.1 -p {PORT}", f"ruby {path}")
    return "no Rails application, config.ru or Sinatra file was found"
