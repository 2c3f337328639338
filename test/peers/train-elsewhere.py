"""Trains XGBoost on what `portrait dataset export <recipe> --out rows.csv --parts --columns columns.json` wrote.

python3 train-elsewhere.py rows.csv columns.json model.json probabilities.json
"""
import json
import sys

import pandas as pd
import xgboost as xgb

rows, columns, model, probabilities = sys.argv[1:]
columns = json.load(open(columns))
words = [c["name"] for c in columns if c["type"] == "category"]
# An empty cell is missing, and nothing else: "NA" is a word like others.
table = pd.read_csv(rows, dtype={name: str for name in words}, keep_default_na=False, na_values=[""])
x = pd.DataFrame(
    {
        c["name"]: pd.Categorical(table[c["name"]], categories=c["categories"])
        if c["type"] == "category"
        else table[c["name"]].astype("float32")
        for c in columns
    }
)
# In any order: the columns are found by their names.
x = x[sorted(x.columns)]


def part(name):
    here = table["part"] == name
    return xgb.DMatrix(x[here], label=table["label"][here], enable_categorical=True)


booster = xgb.train(
    dict(objective="binary:logistic", tree_method="hist", max_depth=5, eta=0.1, max_cat_to_onehot=1),
    part("fit"),
    200,
    evals=[(part("choose"), "choose")],
    early_stopping_rounds=20,
    verbose_eval=False,
)
# Only the best trees: load_model would bring back all of them.
booster = booster[: booster.best_iteration + 1]
booster.save_model(model)
said = booster.predict(xgb.DMatrix(x, enable_categorical=True))
json.dump(dict(version=xgb.__version__, trees=booster.num_boosted_rounds(), probability=[float(p) for p in said]), open(probabilities, "w"))
