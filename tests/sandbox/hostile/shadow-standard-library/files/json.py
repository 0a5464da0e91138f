def dumps(*args, **more):
    return "{}"
