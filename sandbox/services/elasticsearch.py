"""Elasticsearch, or OpenSearch, in a container: one server for the run, on which samples take turns.

Answers name their indices themselves, so that a prefix for each sample would break them; and the servers know no
users unless they are told of certificates and licences first.
"""

from typing import TYPE_CHECKING, Any

from sandbox.isolation.protocol import Isolation, Mount, Relay
from sandbox.services.container import ServerContainer, ServerImage
from sandbox.services.protocol import Binding
from sandbox.services.turns import TakenInTurns

if TYPE_CHECKING:
    import httpx2

_SOCKETS = "/run/elasticsearch"
_PORT = 9200
_SECONDS = 20
_HEAP = "-Xms512m -Xmx512m"
_ELASTICSEARCH = ("elasticsearch", "docker.elastic.co/elasticsearch/elasticsearch")
_OPENSEARCH = ("opensearchproject/opensearch",)
_IMAGE = ServerImage(
    label="Elasticsearch",
    names=(*_ELASTICSEARCH, *_OPENSEARCH),
    setting="BACKSMITH_ELASTICSEARCH_IMAGE",
    pull="elasticsearch:8.19.0",
    # Settings by the names that both servers' images take from the environment; each leaves the other's alone.
    env={
        "discovery.type": "single-node",
        "xpack.security.enabled": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        "ES_JAVA_OPTS": _HEAP,
        "OPENSEARCH_JAVA_OPTS": _HEAP,
        "DISABLE_SECURITY_PLUGIN": "true",
        "DISABLE_INSTALL_DEMO_CONFIG": "true",
    },
    data="/usr/share/elasticsearch/data",
    data_mb=1024,
    memory_mb=2560,
    uid=1000,
    gid=0,
)
# What of the cluster's metadata an application can change, and the requests that remove one of it.
_KEPT = {
    "templates": "/_template/",
    "index_template": "/_index_template/",
    "component_template": "/_component_template/",
    "stored_scripts": "/_scripts/",
    "ingest": "/_ingest/pipeline/",
}


class Elasticsearch(TakenInTurns):
    """Starts with the first sample that asks for it by name: its URLs are like any other's."""

    name = "elasticsearch"

    def __init__(self) -> None:
        super().__init__(_IMAGE, _PORT, _Cluster())

    def wanted(self, database: str, schemes: frozenset[str]) -> bool:
        """By name alone."""
        return "elastic" in database or "opensearch" in database

    async def bind(self, isolation: Isolation) -> Binding:
        """The whole server, as soon as it is this sample's turn."""
        address, folder = await self._turns.take()
        on_host = isolation.name == "host"
        host = address if on_host else "localhost"
        url = f"http://{host}:{_PORT}"
        return Binding(
            service=self.name,
            schemes=("elasticsearch", "opensearch"),
            host=host,
            port=_PORT,
            mounts=(Mount(folder, _SOCKETS),),
            relays=() if on_host else (Relay(_PORT, f"{_SOCKETS}/server"),),
            names=("ELASTICSEARCH", "ELASTIC", "ES", "OPENSEARCH", "SPRING_ELASTICSEARCH"),
            web=True,
            env={"ELASTICSEARCH_URL": url, "OPENSEARCH_URL": url},
        )


class _Cluster:
    """What was in the cluster before any sample, and how to get back there."""

    def __init__(self) -> None:
        self._fresh: dict[str, Any] = {}

    async def ready(self, container: ServerContainer, address: str) -> bool:
        """Whether it has a master and answers."""
        import httpx2

        async with _client(address) as client:
            try:
                answer = await client.get("/_cluster/health?wait_for_status=yellow&timeout=1s")
                if answer.status_code != 200:
                    return False
                self._fresh = await _state(client)
            except httpx2.HTTPError:
                return False
        return True

    async def clean(self, container: ServerContainer, address: str) -> bool:
        """Delete all that was not there before; what cannot be deleted or was changed shows afterwards."""
        import httpx2

        async with _client(address) as client:
            try:
                return await self._clean(client)
            except (httpx2.HTTPError, ValueError):
                return False

    async def _clean(self, client: "httpx2.AsyncClient") -> bool:
        found = await _state(client)
        if found == self._fresh:
            return True
        for kind, path in {"data_streams": "/_data_stream/", "indices": "/", **_KEPT}.items():
            for name in found[kind].keys() - self._fresh[kind].keys():
                if kind == "indices":
                    await client.put(f"/{name}/_settings", json={"index.blocks.read_only": None})
                await client.delete(path + name)
        for scope in ("persistent", "transient"):
            changed = {name: self._fresh[scope].get(name) for name in found[scope]}
            if changed:
                await client.put("/_cluster/settings", json={scope: changed})
        return await _state(client) == self._fresh


async def _state(client: "httpx2.AsyncClient") -> dict[str, Any]:
    """All that an application can make, by kind and name; hidden indices belong to the server itself."""
    wanted = ",".join(f"metadata.{kind}" for kind in _KEPT)
    metadata = (await client.get(f"/_cluster/state/metadata?filter_path={wanted}")).json().get("metadata", {})
    settings = (await client.get("/_cluster/settings?flat_settings=true")).json()
    indices = (await client.get("/_cat/indices?format=json&h=index&expand_wildcards=all")).json()
    streams = await client.get("/_data_stream")  # unknown to servers without Elastic's own extensions
    named = streams.json().get("data_streams", []) if streams.status_code == 200 else []
    return {
        **{kind: _by_name(kind, metadata.get(kind, {})) for kind in _KEPT},
        "persistent": settings["persistent"],
        "transient": settings["transient"],
        "indices": {row["index"]: "" for row in indices if not row["index"].startswith(".")},
        "data_streams": {stream["name"]: "" for stream in named if not stream["name"].startswith(".")},
    }


def _by_name(kind: str, found: Any) -> dict[str, Any]:
    """One kind of the cluster's metadata as a mapping: templates are wrapped, pipelines a list."""
    if kind == "ingest":
        return {pipeline["id"]: pipeline["config"] for pipeline in found.get("pipeline", [])}
    inner = found.get(kind, found)
    return dict(inner)


def _client(address: str) -> "httpx2.AsyncClient":
    import httpx2

    # No proxy of this machine's: the address is a container's.
    return httpx2.AsyncClient(base_url=f"http://{address}:{_PORT}", timeout=_SECONDS, trust_env=False)
