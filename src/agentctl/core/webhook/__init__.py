"""Calling an agent's webhook, and judging what it answered.

`endpoint` says what may be called, and how; `addresses` which hosts those are. `http` is the only module that
knows httpx: it sends one request. `attempts` repeats it where nothing can have been delivered, and `call` is
all of it together. `answer` is what came back, `judgement` what that means for the run; an agent's own
`success_rule` comes first. Neither a database nor credits are known here.
"""
