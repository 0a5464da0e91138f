"""Run by an interpreter that has inspect-ai and pandas: what they read of our files, as JSON.

inspect_reads.py FOLDER OUR_LOG ROWS_CSV ROWS_PARQUET; logs of its own go to FOLDER, in both forms.
"""

import json
import math
import sys

import pandas
import pyarrow.csv
from inspect_ai import Task, eval
from inspect_ai.analysis import evals_df, samples_df
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import includes, match
from inspect_ai.solver import solver

folder, ours, csv, parquet = sys.argv[1:]


def answers():
    number = 0
    while True:
        number += 1
        parts = [
            ContentReasoning(reasoning="let me think " * 20, signature="s"),
            ContentText(text=f"FILE: a{number}.py\n---\nX = '🎉'\n---"),
            ContentText(text="FILE: b.py\n---\n" + "Y = 1\n" * 500 + "---\n"),
        ]
        said = ChatMessageAssistant(content=parts, model="mockllm/model", source="generate")
        other = ChatMessageAssistant(content="another choice")
        usage = ModelUsage(
            input_tokens=1000, output_tokens=200, total_tokens=1257,
            input_tokens_cache_read=50, input_tokens_cache_write=7, reasoning_tokens=30,
        )
        choices = [
            ChatCompletionChoice(message=said, stop_reason="max_tokens" if number == 2 else "stop"),
            ChatCompletionChoice(message=other),
        ]
        yield ModelOutput(model="mockllm/model", choices=choices, usage=usage)


@solver
def failing():
    async def solve(state, generate):
        if state.sample_id == "early":
            raise ValueError("no network")
        state = await generate(state)
        if state.sample_id == "late":
            raise ValueError("the last step failed")
        return state

    return solve


samples = [
    Sample(id="first", input="Build " + "it " * 500, target="FILE: ", metadata={"task": "wallet", "x": math.nan}),
    Sample(id="early", input="x", target="x"),
    Sample(id="late", input="x", target="x"),
    Sample(id=7, input="x", target="x"),
]
task = Task(dataset=MemoryDataset(samples), solver=failing(), scorer=[includes(), match()], epochs=2, fail_on_error=False)
model = get_model("mockllm/model", memoize=False, custom_outputs=answers())
[log] = eval(task, model=model, log_dir=folder, log_format="eval", display="none")
write_eval_log(log, f"{folder}/copy.json", format="json")
wrote = [
    {
        "task": sample.metadata.get("task", str(sample.id)),
        "epoch": sample.epoch,
        "text": sample.output.completion,
        "stop": sample.output.choices[0].stop_reason if sample.output.choices else None,
        "time": sample.output.time,
    }
    for sample in read_eval_log(log.location).samples
]

read = read_eval_log(ours)
frame = pandas.read_parquet(parquet)
table = pyarrow.csv.read_csv(csv, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
print(
    json.dumps({
        "wrote": wrote,
        "status": read.status,
        "times": [str(read.stats.started_at), str(read.stats.completed_at)],
        "samples": [
            {
                "id": sample.id,
                "epoch": sample.epoch,
                "input": sample.input if isinstance(sample.input, str) else [message.text for message in sample.input],
                "answer": sample.output.completion,
                "scores": {name: score.value for name, score in (sample.scores or {}).items()},
                "explanations": {name: score.explanation for name, score in (sample.scores or {}).items()},
                "error": sample.error and sample.error.message,
                "tokens": {name: usage.total_tokens for name, usage in sample.model_usage.items()},
                "seconds": sample.total_time,
            }
            for sample in read.samples
        ],
        "samples_df": json.loads(samples_df(ours).to_json(orient="records")),
        "evals_df": json.loads(evals_df(ours).to_json(orient="records")),
        "parquet": json.loads(frame.to_json(orient="records")),
        "parquet_types": {name: str(kind) for name, kind in frame.dtypes.items()},
        "csv": json.loads(pandas.read_csv(csv).to_json(orient="records")),
        "arrow_types": {field.name: str(field.type) for field in table.schema},
    })
)
