"""Answers for a model in XGBoost's JSON: reads {model, columns: [{name, levels?}], rows} and writes {version, probability, contributions}."""
import json
import sys
import tempfile

import pandas as pd
import xgboost as xgb

asked = json.load(sys.stdin)
with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    file.write(asked["model"])
    file.flush()
    booster = xgb.Booster(model_file=file.name)
table = {}
for j, column in enumerate(asked["columns"]):
    values = [row[j] for row in asked["rows"]]
    if "levels" in column:
        table[column["name"]] = pd.Categorical(values, categories=range(column["levels"]))
    else:
        table[column["name"]] = pd.Series(values, dtype="float32")
data = xgb.DMatrix(pd.DataFrame(table), enable_categorical=True)
answer = dict(
    version=xgb.__version__,
    probability=[float(p) for p in booster.predict(data)],
    contributions=[[float(c) for c in row] for row in booster.predict(data, pred_contribs=True)],
)
json.dump(answer, sys.stdout)
