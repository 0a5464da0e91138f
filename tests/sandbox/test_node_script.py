"""How package.json's test script becomes one shell script whose runner writes a report."""

import json

import pytest

from sandbox.toolchains.node_script import UnusableScriptError, find_runner, test_script

JEST = '--reporters=default --reporters="$BACKSMITH_INSIDE"/backsmith_jest.cjs --ci'
MOCHA = '--reporter "$BACKSMITH_INSIDE"/backsmith_mocha.cjs'
NODE = (
    '--test-reporter="$BACKSMITH_INSIDE"/backsmith_node_test.mjs --test-reporter-destination=stderr '
    "--test-reporter=spec --test-reporter-destination=stdout"
)


def script(**scripts: str) -> str:
    text = test_script({"package.json": json.dumps({"scripts": scripts})}, "/results")
    path, _, rest = text.partition("; export PATH; ")
    assert path == 'PATH="$PWD/node_modules/.bin:$PATH"'
    return rest


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("jest", f"jest {JEST}"),
        (
            "cross-env NODE_ENV=test npx jest --runInBand",
            f"cross-env NODE_ENV=test npx jest --runInBand {JEST}",
        ),
        ("tsc && mocha 'test/**/*.js' && echo ok", f"tsc && mocha 'test/**/*.js' {MOCHA} && echo ok"),
        ("mocha -g 'a|b; c'", f"mocha -g 'a|b; c' {MOCHA}"),
        ("node --import tsx --test tests/*.ts", f"node --import tsx --test {NODE} tests/*.ts"),
        ("tsx --test", f"tsx --test {NODE}"),
        (
            "node --experimental-vm-modules node_modules/jest/bin/jest.js",
            f"node --experimental-vm-modules node_modules/jest/bin/jest.js {JEST}",
        ),
    ],
)
def test_the_runner_is_told_to_report(line: str, becomes: str) -> None:
    assert script(test=line) == becomes


def test_scripts_that_run_scripts() -> None:
    assert script(
        test="npm run build && npm run test:unit -- --bail", build="tsc", **{"test:unit": "jest src"}
    ) == (f"tsc && jest src --bail {JEST}")
    assert script(test="jest", pretest="npm run lint", lint="eslint .") == f"eslint . && jest {JEST}"
    assert script(test="yarn unit", unit="mocha") == f"mocha {MOCHA}"


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ("{", "cannot be read"),
        ("[]", "no test script"),
        ('{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}', "no test script"),
        ('{"scripts": {"test": "echo hi"}}', "runs none of"),
        ('{"scripts": {"test": "npm test"}}', "runs itself"),
        ('{"scripts": {"test": "jest \'"}}', "cannot be read"),
        ('{"scripts": {"test": "npm run a && npm run a", "a": "npm run test"}}', "runs itself"),
    ],
)
def test_scripts_that_cannot_be_used_say_why(manifest: str, why: str) -> None:
    with pytest.raises(UnusableScriptError, match=why):
        test_script({"package.json": manifest}, "/results")


def test_scripts_that_multiply_are_stopped() -> None:
    scripts = {f"s{n}": " && ".join([f"npm run s{n + 1}"] * 20) for n in range(7)}
    scripts |= {"s7": "jest", "test": "npm run s0"}
    with pytest.raises(UnusableScriptError, match="more than 2000 words"):
        script(**scripts)


@pytest.mark.parametrize(
    ("line", "runner"),
    [
        ("jest", "jest"),
        ("npm run unit", "jest"),
        ("vitest run", "vitest"),
        ("mocha && jest", "mocha"),
        ("tsx --test", "node"),
        ("echo jest.json", ""),
    ],
)
def test_which_report_is_read_follows_from_the_files(line: str, runner: str) -> None:
    manifest = json.dumps({"scripts": {"test": line, "unit": "npx jest --bail"}})
    assert find_runner({"package.json": manifest}) == runner
