"""The HTML report, driven in a real browser."""

import json
import random
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from evals.reports.html.document import document
from evals.reports.html.pages import RoundPage, SamplePage, page_block
from evals.verdict import Verdict
from tests.evals.reports.browser import Page
from tests.evals.reports.conftest import AFTER, HOSTILE, made, score
from tests.evals.results import outcomes, run


def go(page: Page, place: str, until: str) -> None:
    page.run(f"location.hash = {json.dumps(place)}")
    page.wait(until)


def test_nothing_that_a_model_wrote_is_run_and_nothing_is_fetched(page: Page, report: Path) -> None:
    page.log.clear()
    page.requests.clear()
    page.open(report)
    go(page, "#/samples", "document.querySelector('.samples')")
    go(page, "#/sample/2", "document.querySelectorAll('.round').length === 2")
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.wait("document.querySelector('#sample').textContent.includes('You are')")
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.run("typeof window.hit") == "undefined"
    assert page.run("document.querySelectorAll('img').length") == 0
    assert "<img src=x onerror" in page.run("document.querySelector('#sample').textContent")
    assert "⟨U+202E⟩" in page.run("document.querySelector('#sample').textContent")
    assert page.log == []
    assert set(page.requests) == {report.as_uri()}


def test_the_policy_stops_a_script_that_got_in(page: Page, report: Path, tmp_path: Path) -> None:
    """Were the escaping broken, the policy would still hold."""
    spoilt = tmp_path / "spoilt.html"
    text = report.read_text(encoding="utf-8").replace(
        "<h2 tabindex=-1>Overview", "<script>window.hit=1</script>"
    )
    spoilt.write_text(text.replace("<dl", "<img src=x onerror='window.hit=1'><dl"), encoding="utf-8")
    page.log.clear()
    page.open(spoilt)
    assert page.run("typeof window.hit") == "undefined"
    assert any("Content Security Policy" in line for line in page.log)


def test_the_overview_tells_rates_with_their_intervals(page: Page, report: Path) -> None:
    page.open(report)
    text = page.run("document.getElementById('overview').innerText")
    assert "64%" in text
    assert "7 of 11 judged samples, 95% interval 35% to 85%" in text
    assert "12 live" in text
    labels = page.run(
        "[...document.querySelectorAll('svg[role=img]')].map(s => s.getAttribute('aria-label'))"
    )
    assert "64%, 7 of 11, interval 35% to 85%" in labels
    assert any(label.startswith("round 1") for label in labels)
    assert page.run("document.querySelectorAll('.scatter circle').length") == 2


def test_probes_and_mutants_are_told_with_what_failed(page: Page, report: Path) -> None:
    page.open(report, "#/sample/2")
    page.wait("document.querySelectorAll('.round').length === 2")
    page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    text = page.run("document.querySelector('#sample').textContent")
    for told in (
        "1 pass, 1 fail",
        "42 requests to `python",
        "granted </script>",
        "time was used up",
        "5 requests answered 400",
        "1 of 2 noticed by the tests, out of 9 possible",
        "app/api.py:5",
        "1 mutant noticed",
        "no test notices: 200 </script>",
        "design judged by openai/j: 1 fail (advice, for it was not calibrated)",
        "vows alone </script>",
    ):
        assert told in text, told
    titles = page.run("[...document.querySelectorAll('#overview h3')].map(t => t.textContent)")
    assert {"Probes answered as they must be", "Mutants noticed by the tests"} <= set(titles)


def test_samples_are_filtered_sorted_and_the_filter_is_in_the_address(page: Page, report: Path) -> None:
    page.open(report, "#/samples?verdict=fail")
    page.wait("document.querySelectorAll('.samples tbody tr').length === 4")
    page.run(
        "(() => { const f = document.getElementById('f-verdict'); f.value = '';"
        " f.dispatchEvent(new Event('change')); })()"
    )
    assert page.run("document.getElementById('count').textContent") == "12 samples"
    page.run(
        "(() => { const f = document.getElementById('f-text'); f.value = 'a reason';"
        " f.dispatchEvent(new Event('input')); })()"
    )
    assert page.run("document.querySelectorAll('.samples tbody tr').length") == 1
    assert page.run("location.hash") == "#/samples?text=a+reason"
    page.open(report, "#/samples")
    page.run("document.querySelector('.samples [data-k=tests]').click()")
    assert page.run("document.querySelector('[aria-sort=ascending]').textContent").startswith("tests")
    assert "4 passed" in page.run("document.querySelector('.samples tbody tr').innerText")


def test_a_sample_has_findings_at_their_lines_and_the_difference_between_rounds(
    page: Page, report: Path
) -> None:
    page.open(report, "#/sample/2")
    page.wait("document.querySelectorAll('.round').length === 2")
    page.run(
        "[...document.querySelectorAll('.round details')]"
        ".filter(d => d.querySelector('summary').textContent.startsWith('app/api.py')).forEach(d => d.open = true)"
    )
    page.wait("document.querySelector('.code .note')")
    marked = page.run(
        "document.querySelector('.code .hit').dataset.n + document.querySelector('.code .hit').textContent"
    )
    assert marked == "4def login():"
    difference = page.run("[...document.querySelectorAll('.del, .add')].map(l => l.textContent)")
    assert difference == ["-    return 500", "+    return 200"]
    text = page.run("document.getElementById('sample').innerText")
    assert "new in this round" in text
    assert "no-closing" in text
    assert "tests/test_a.py::test_a" in text


def test_differences_are_right_and_shortest(page: Page, report: Path) -> None:
    """Random texts of few different lines, held to the longest common subsequence; and one beyond the limit."""
    page.open(report)
    source = files("evals.reports.html").joinpath("difference.js").read_text(encoding="utf-8")
    rng = random.Random(6)
    pairs = [[rng.choices("abc", k=rng.randrange(12)) for _ in range(2)] for _ in range(500)]
    pairs.append([[f"a{n}" for n in range(2000)], [f"b{n}" for n in range(2000)]])
    found = page.run(
        f"(() => {{ {source}; return {json.dumps(pairs)}.map(([a, b]) => difference(a, b)); }})()"
    )
    for (before, after), lines in zip(pairs, found, strict=True):
        assert [line for kind, line in lines if kind != "add"] == before
        assert [line for kind, line in lines if kind != "del"] == after
        if len(before) < 20:
            assert sum(kind == "same" for kind, _ in lines) == longest_common(before, after)


def longest_common(a: list[str], b: list[str]) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        before = row
        row = [0]
        for n, y in enumerate(b):
            row.append(before[n] + 1 if x == y else max(row[-1], before[n + 1]))
    return row[-1]


def test_everything_is_reached_by_keyboard(page: Page, report: Path) -> None:
    page.open(report)
    page.press("/", "/", 191)
    page.wait("document.activeElement.id === 'f-text'")
    go(page, "#/sample/0", "document.querySelector('#after')")
    page.wait("document.activeElement.tagName === 'H2'")
    page.press("ArrowRight", code=39)
    page.wait("location.hash === '#/sample/1'")
    page.press("ArrowLeft", code=37)
    page.wait("location.hash === '#/sample/0'")
    page.open(report)
    page.press("Tab", code=9)
    assert page.run("document.activeElement.className") == "skip"


def test_the_keyboard_stays_where_it_was(page: Page, report: Path) -> None:
    """A table that is drawn anew keeps the focus, and who comes back from a sample is at its row again."""
    page.open(report, "#/samples?verdict=fail")
    page.wait("document.querySelector('.samples')")
    page.run("document.querySelector('[data-k=rounds]').focus()")
    page.press("Enter", "\r", 13)
    assert page.run("document.activeElement.dataset.k") == "rounds"
    assert page.run("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"
    page.run("document.querySelectorAll('.samples a')[2].focus()")
    left = page.run("document.activeElement.hash")
    page.press("Enter", "\r", 13)
    page.wait("document.activeElement.tagName === 'H2' && document.querySelector('#sample .crumbs')")
    page.run("history.back()")
    page.wait("document.activeElement.hash")
    assert page.run("document.activeElement.hash") == left
    assert page.run("location.hash") == "#/samples?verdict=fail"
    page.press("ArrowRight", code=39)
    assert page.run("location.hash") == "#/samples?verdict=fail", "arrows turn the pages of samples alone"


def test_a_run_of_one_agent_has_no_filter_for_it(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "one.html"
    path.write_text("".join(document(run(outcomes({"a": (1, 1)})), {}, {}, "0.1.0")), encoding="utf-8")
    page.open(path, "#/samples")
    page.wait("document.querySelector('.samples')")
    labels = page.run("[...document.getElementById('filters').childNodes].map(n => n.firstChild.textContent)")
    assert labels == ["Search", "Verdict", "Task", "Failing item"]
    page.open(path, "#/")
    titles = page.run("[...document.querySelectorAll('#overview h3')].map(t => t.textContent)")
    assert titles == ["Verified", "Rounds to verified", "Verified, by task", "Cost against quality",
                      "Checklist items by task", "Metrics"], "what would say nothing is left out"  # fmt: skip


def test_five_hundred_files_and_a_line_without_end(page: Page, tmp_path: Path) -> None:
    """Files with findings stand first, the others are folded; a text is cut where the report can hold no more."""
    files = {f"pkg/module_{n:03}.py": f"X = {n}\n" for n in range(500)} | {
        "app/api.py": AFTER,
        "z.py": "y" * 3_000_000,
    }
    found = run(outcomes({"a": (0, 1)}))
    one = RoundPage(1, "c" * 40, score(Verdict.FAIL, "m"), "z" * 3_000_000, files)
    path = tmp_path / "wide.html"
    pages = {0: page_block(found.samples[0], SamplePage((), (one,)))}
    path.write_text("".join(document(found, pages, {}, "0.1.0")), encoding="utf-8")
    assert path.stat().st_size < 200_000
    page.open(path)
    assert page.run("location.hash") == "#/sample/0", "a run of one sample opens at its page"
    page.wait("document.querySelector('.round')")
    heads = "[...document.querySelectorAll('.round > details > summary')].map(s => s.textContent)"
    shown = [head for head in page.run(heads) if ".py" in head]
    assert shown[0].startswith("app/api.py5 lines")
    assert len(shown) == 40
    assert "462 more files" in page.run(heads)
    page.run("[...document.querySelectorAll('.round details')].forEach(d => d.open = true)")
    page.wait("[...document.querySelectorAll('summary')].some(s => s.textContent.startsWith('z.py'))")
    page.run(
        "[...document.querySelectorAll('details')].find(d => d.firstChild.textContent.startsWith('z.py')).open = true"
    )
    page.wait("document.querySelector('[aria-label=\"z.py\"]')")
    told = page.run("document.querySelector('[aria-label=\"z.py\"]').textContent")
    assert "2600000 more characters are in the run's repository" in told


def test_the_keyboard_stops_at_tables_only_while_they_scroll(page: Page, report: Path) -> None:
    """Every stop more is a key more to press; what is cut off must be reached all the same."""
    stops = (
        "(() => {{ const all = [...document.querySelectorAll('#{0} .scroll')].filter(n => n.clientWidth);"
        " return [all.length, all.filter(n => n.hasAttribute('tabindex')).length,"
        " all.filter(n => n.hasAttribute('tabindex') !== n.scrollWidth > n.clientWidth).length] }})()"
    )
    for width, place, until in (
        (1280, "overview", "true"),
        (360, "overview", "document.querySelector('#overview .scroll[tabindex]')"),
        (1280, "sample", "document.querySelector('.round')"),
    ):
        page.look(width, 900)
        page.open(report, "#/sample/2" if place == "sample" else "#/")
        page.wait(until)
        page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        there, kept, wrong = page.run(stops.format(place))
        assert there and wrong == 0
        assert (kept > 0) == (width == 360), (width, place)
    page.look(1280, 900)


def test_dark_and_light_follow_the_system_and_the_button(page: Page, report: Path) -> None:
    for theme, other in (("light", "dark"), ("dark", "light")):
        page.look(1280, 900, theme)
        page.open(report)
        assert page.run("document.documentElement.dataset.theme") == theme
        page.run("document.getElementById('theme').click()")
        assert page.run("document.documentElement.dataset.theme") == other
    page.look(1280, 900)


def test_a_narrow_window_does_not_scroll_sideways(page: Page, report: Path) -> None:
    page.look(360, 700)
    for place in ("#/", "#/samples", "#/sample/2"):
        page.open(report, place)
        page.wait("document.body.dataset.view")
        width = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, place
    page.look(1280, 900)


def test_two_thousand_samples_stay_usable(page: Page, tmp_path: Path) -> None:
    found = run(outcomes({f"t{i}": (15, 5) for i in range(100)}))
    files = {f"app/module_{n}.py": f"x = {n}\n" * 200 for n in range(8)}
    pages = {
        place: page_block(
            sample, SamplePage((), (RoundPage(1, "c" * 40, score(Verdict.FAIL, sample.name), "", files),))
        )
        for place, sample in enumerate(found.samples)
    }
    path = tmp_path / "large.html"
    path.write_text("".join(document(found, pages, {}, "0.1.0")), encoding="utf-8")
    page.open(path, "#/samples")
    page.wait("document.querySelectorAll('.samples tbody tr').length === 100")
    assert page.run("document.getElementById('count').textContent") == "2000 samples"
    page.run("[...document.querySelectorAll('#pager button')].pop().click()")
    assert page.run("document.getElementById('pager').textContent").startswith("Earlier101 to 200 of 2000")
    go(page, "#/sample/1999", "document.querySelector('.round')")
    assert "t99-m-1-e20" in page.run("document.querySelector('#sample h2').textContent")


def test_damage_is_told_and_costs_one_page(page: Page, tmp_path: Path) -> None:
    found, pages, texts = made()
    path = tmp_path / "damaged.html"
    path.write_text("".join(document(found, {2: pages[2][:200]}, texts, "0.1.0")), encoding="utf-8")
    page.open(path, "#/sample/2")
    page.wait("document.querySelector('#sample .warning')")
    assert "is damaged" in page.run("document.querySelector('#sample').innerText")
    page.open(path, "#/sample/3")
    page.wait("document.querySelector('#sample').innerText.includes('git show')")


def test_a_run_without_samples_or_answers_has_a_report() -> None:
    text = "".join(document(replace(run([]), planned=3), {}, {}, "0.1.0"))
    assert "3 of 3 samples are missing" in text
    assert HOSTILE not in "".join(document(*made(), "0.1.0"))


@pytest.mark.network
def test_axe_finds_nothing_serious(page: Page, report: Path, tmp_path: Path) -> None:
    """axe-core's rules for accessibility, in both themes and a narrow window, with everything unfolded."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    command = ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "axe-core@4"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip("the package index cannot be reached")
    axe = (tmp_path / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light")):
        page.look(width, 900, theme)
        page.open(report)
        page.run(f"{axe}; 1")
        for place, until in (
            ("#/", "true"),
            ("#/samples", "document.querySelector('.samples')"),
            ("#/samples?text=nothing-is-called-so", "document.querySelector('#rows p')"),
            ("#/sample/3", "document.querySelector('#sample').textContent.includes('git show')"),
            ("#/sample/999", "document.querySelector('#sample').textContent.includes('no such sample')"),
            ("#/sample/2", "document.querySelector('.round')"),
        ):
            go(page, place, until)
            page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
            page.wait("[...document.querySelectorAll('.round details')].every(d => d.childNodes.length > 1)")
            found = page.run(
                "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
                ".map(v => v.id + ': ' + v.nodes[0].html))"
            )
            assert found == [], f"{width} {theme} {place}"
    page.look(1280, 900)
