"""The expert's prose, judged by a rubric with a judge model that has to be measured before it counts."""
