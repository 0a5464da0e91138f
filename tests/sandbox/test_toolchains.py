"""Which toolchain a project's files are for."""

import pytest

from sandbox.toolchains.choose import all_toolchains, find_toolchain


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["package.json", "scripts/seed.py"], "node"),
        (["src/a.test.ts"], "node"),
        (["go.mod", "main.go"], "go"),
        (["Cargo.toml", "src/main.rs", "tools/x.py"], "rust"),
        (["pom.xml", "src/main/java/A.java"], "java"),
        (["build.gradle.kts"], "java"),
        (["Gemfile", "app.rb"], "ruby"),
        (["src/Api/Api.csproj"], "csharp"),
        (["app/main.py", "Dockerfile"], "python"),
        (["requirements.txt"], "python"),
    ],
)
def test_which_toolchain(files: list[str], name: str) -> None:
    found = find_toolchain(dict.fromkeys(files, ""))
    assert found is not None
    assert found.name == name


def test_names_and_ecosystems_are_unique() -> None:
    toolchains = all_toolchains()
    assert len({toolchain.name for toolchain in toolchains}) == len(toolchains)
    assert len({toolchain.ecosystem for toolchain in toolchains}) == len(toolchains)


def test_unknown_languages_have_none() -> None:
    assert find_toolchain({"main.zig": ""}) is None
