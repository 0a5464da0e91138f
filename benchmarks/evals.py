"""What a sample of an eval costs, beside other tools; and the resume test. See ``benchmarks/evals_cost.py``.

python benchmarks/evals.py [--theirs PYTHON] [--promptfoo PROGRAM] [--harbor PROGRAM]
                           [--samples 200 2000] [--most 10000] [--tries 3]
python benchmarks/evals.py --kills 500
"""

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "evals":
    # A script of this folder meant the package of that name, which this file hides from it.
    here = Path(__file__).resolve().parent
    sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != here]
    del sys.modules["evals"]
    import_module("evals")
elif __name__ == "__main__":
    from benchmarks.evals_cost import main

    main()
