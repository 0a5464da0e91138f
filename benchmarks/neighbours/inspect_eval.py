"""Inspect AI's eval of recorded answers: python inspect_eval.py COUNT FOLDER, the answer in ANSWER."""

import os
import sys
from collections.abc import Iterator

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes


def outputs() -> Iterator[ModelOutput]:
    while True:
        output = ModelOutput.from_content("mockllm/model", os.environ["ANSWER"])
        output.usage = ModelUsage(input_tokens=1000, output_tokens=200, total_tokens=1200)
        yield output


count, folder = int(sys.argv[1]), sys.argv[2]
samples = [
    Sample(input=f"Build a greeting library called task-{n:04}", target="FILE: ") for n in range(count)
]
model = get_model("mockllm/model", custom_outputs=outputs())
task = Task(dataset=MemoryDataset(samples), scorer=includes())
[log] = eval(task, model=model, log_dir=folder, display="none")
assert log.status == "success", log.error
