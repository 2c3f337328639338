"""One peer for the quality bench: the same rows and folds, probabilities of the rows left out.

Reads one JSON request from stdin: {folder, rows, columns: [{name, type, levels}], peer, turns: [[repeat, fold]], draws,
tune, known, seed}. In the folder: x.f64 (column by column), y.u8, fold.u8 (repeat by repeat). Prints one JSON line:
the probabilities of each turn's left-out rows in their order, seconds, and the parameters.

Tuned by `draws` random draws, each judged by the log loss of an inner 3-fold cross-validation: `tune` "once" on the rows
that the first turn trains on, and the parameters found serve all turns (or are given as `known`); "nested" anew in each.
"""
import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
import sklearn
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterSampler, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from scipy.stats import loguniform, randint, uniform

warnings.filterwarnings("ignore")
ask = json.load(sys.stdin)
rows, columns = ask["rows"], ask["columns"]
x = np.fromfile(ask["folder"] + "/x.f64").reshape(len(columns), rows)
y = np.fromfile(ask["folder"] + "/y.u8", dtype=np.uint8).astype(int)
fold = np.fromfile(ask["folder"] + "/fold.u8", dtype=np.uint8).reshape(-1, rows)
categories = [c["name"] for c in columns if c["type"] == "category"]
numbers = [c["name"] for c in columns if c["type"] != "category"]

plain = pd.DataFrame({c["name"]: x[j] for j, c in enumerate(columns)})
typed = plain.copy()
for name in categories:
    typed[name] = pd.Categorical(typed[name].where(typed[name].notna(), np.nan))
wide = [c["name"] for c in columns if c["type"] == "category" and c["levels"] > 250]


def xgb(**more):
    return xgboost.XGBClassifier(tree_method="hist", enable_categorical=True, n_jobs=1, eval_metric="logloss", **more)


def hgb(**more):
    # HistGradientBoosting takes at most 255 levels as a category; wider ones go in as codes.
    mask = [c in categories and c not in wide for c in plain.columns]
    return HistGradientBoostingClassifier(categorical_features=mask if any(mask) else None, random_state=0, **more)


def logistic(**more):
    number = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    prepared = ColumnTransformer([
        ("numbers", number, numbers),
        ("categories", OneHotEncoder(handle_unknown="ignore"), categories),
    ])
    return make_pipeline(prepared, LogisticRegression(max_iter=1000, **more))


SPACES = {
    "xgboost": (xgb, typed, dict(
        n_estimators=randint(50, 600), max_depth=randint(2, 9), learning_rate=loguniform(0.01, 0.3),
        min_child_weight=loguniform(0.5, 20), subsample=uniform(0.6, 0.4), colsample_bytree=uniform(0.4, 0.6),
        reg_lambda=loguniform(0.1, 30))),
    "hgb": (hgb, plain, dict(
        max_iter=randint(50, 600), max_leaf_nodes=randint(4, 64), learning_rate=loguniform(0.01, 0.3),
        min_samples_leaf=randint(5, 60), l2_regularization=loguniform(0.01, 30))),
    "logistic": (logistic, plain, dict(C=loguniform(0.001, 100))),
}
make, frame, space = SPACES[ask["peer"]]


def tuned(train):
    best, least = {}, np.inf
    inner = StratifiedKFold(3, shuffle=True, random_state=ask["seed"])
    seen = frame.iloc[train]
    for drawn in ParameterSampler(space, ask["draws"], random_state=ask["seed"]):
        loss = -cross_val_score(make(**drawn), seen, y[train], cv=inner, scoring="neg_log_loss").mean()
        if loss < least:
            best, least = drawn, loss
    return best


started = time.time()
parameters, said = ask.get("known"), []
for r, f in ask["turns"]:
    train, test = np.where(fold[r] != f)[0], np.where(fold[r] == f)[0]
    if ask["draws"] and (parameters is None or ask["tune"] == "nested"):
        parameters = tuned(train)
    model = make(**(parameters or {})).fit(frame.iloc[train], y[train])
    said.append(model.predict_proba(frame.iloc[test])[:, 1].astype(float).tolist())
print(json.dumps({
    "said": said,
    "seconds": time.time() - started,
    "parameters": {k: v.item() if hasattr(v, "item") else v for k, v in (parameters or {}).items()},
    "versions": {"xgboost": xgboost.__version__, "scikit-learn": sklearn.__version__},
}))
