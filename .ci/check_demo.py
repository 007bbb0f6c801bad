"""The demo must do what it promises: rounds, networks that learned, a pruned one that reaches the dense."""

import json
import sys
from pathlib import Path

run = Path(sys.argv[1])
result = json.loads((run / "result.json").read_bytes())
timings = json.loads((run / "timings.json").read_bytes())
selected = next(c for c in result["candidates"] if c["number"] == result["selected"])
distinct = [c for c in result["candidates"] if c["duplicate_of"] is None]
seconds = timings["dense"] + sum(timings["candidates"].values())
print(f"demo: {len(distinct)} candidates, {len(result['rounds'])} rankings, {seconds:.0f} s of training")
for name, final in (("dense", result["dense"]["final"]), ("selected", selected["final"])):
    share = final["valid_score"] / result["naive"]["valid_score"]
    print(f"demo: {name} {final['valid_score']:.2f}, {share:.2f} of the unigram perplexity")
    assert share < 0.5, f"the {name} network did not learn: {share:.2f} of the unigram perplexity"
print(f"demo: the verdict is {result['verdict']['against_dense']}")
assert result["verdict"]["against_dense"] in ("better", "level"), result["verdict"]
assert len(result["candidates"]) >= 8
assert len(result["rounds"]) >= 2
