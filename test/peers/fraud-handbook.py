"""The fraud handbook's baseline: XGBoost on its 15 features, by its protocol.

Reads one JSON request from stdin: {file, out, tune: [first day of a training week], test: [first day of a training week],
seed}. Days count from the first of the log. Trains on a week, leaves a week for the labels to become known, predicts a
week, for the transactions of customers not yet known as defrauded. Parameters are those of the handbook's own grid with
the best average precision over the weeks of `tune`. Writes <out>/<day>.f64: pairs of transaction id and probability.
Prints one JSON line: {"params": {...}, "tried": [...], "seconds": ...}.

The features follow the book's chapter 3 (Le Borgne et al. 2022): amount, weekend, night; of the customer the number and
mean amount of transactions in the last 1, 7 and 30 days, this one included; of the terminal the number of transactions
and the share of frauds among them in the same windows as they ended seven days ago.
"""
import itertools
import json
import sys
import time

import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import average_precision_score

ask = json.load(sys.stdin)
DAY = 86_400
WINDOWS, DELAY, WEEK = (1, 7, 30), 7, 7
started = time.process_time()

days = ask["tune"] + ask["test"]
first, last = min(days) - 30 - DELAY - 1, max(days) + 3 * WEEK
log = pd.read_csv(ask["file"], usecols=["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT",
                                        "TX_TIME_SECONDS", "TX_TIME_DAYS", "TX_FRAUD"])
log = log[(log.TX_TIME_DAYS >= first) & (log.TX_TIME_DAYS <= last)].reset_index(drop=True)


def windows(key, values, spans):
    """Sums of values over (t - span, t] of the same key, up to and with the row itself, for each span in seconds."""
    order = np.lexsort((log.TRANSACTION_ID, log.TX_TIME_SECONDS, log[key]))
    when = log.TX_TIME_SECONDS.values[order].astype(np.int64) + log[key].values[order].astype(np.int64) * 10**9
    total = np.concatenate([[0.0], np.cumsum(values[order])])
    group = log[key].values[order].astype(np.int64) * 10**9
    found = []
    for span in spans:
        start = np.maximum(np.searchsorted(when, when - span, side="right"), np.searchsorted(when, group - 10**8))
        sums = np.empty(len(log))
        sums[order] = total[1:] - total[start]
        found.append(sums)
    return found


ones, amount, fraud = np.ones(len(log)), log.TX_AMOUNT.values, log.TX_FRAUD.values.astype(float)
x = {"TX_AMOUNT": amount}
when = pd.to_datetime(log.TX_DATETIME)
x["TX_DURING_WEEKEND"] = (when.dt.weekday >= 5).astype(int).values
x["TX_DURING_NIGHT"] = (when.dt.hour <= 6).astype(int).values
spans = [w * DAY for w in WINDOWS]
for w, count, spent in zip(WINDOWS, windows("CUSTOMER_ID", ones, spans), windows("CUSTOMER_ID", amount, spans)):
    x[f"CUSTOMER_ID_NB_TX_{w}DAY_WINDOW"] = count
    x[f"CUSTOMER_ID_AVG_AMOUNT_{w}DAY_WINDOW"] = spent / count
late = [DELAY * DAY] + [(DELAY + w) * DAY for w in WINDOWS]
counts, frauds = windows("TERMINAL_ID", ones, late), windows("TERMINAL_ID", fraud, late)
for i, w in enumerate(WINDOWS):
    number = counts[i + 1] - counts[0]
    x[f"TERMINAL_ID_NB_TX_{w}DAY_WINDOW"] = number
    x[f"TERMINAL_ID_RISK_{w}DAY_WINDOW"] = np.divide(frauds[i + 1] - frauds[0], number, out=np.zeros(len(log)), where=number > 0)
x = pd.DataFrame(x).values
day, customer = log.TX_TIME_DAYS.values, log.CUSTOMER_ID.values


def weeks(start):
    """Rows of the training week, and of the test week without the customers known as defrauded, day by day."""
    train = np.flatnonzero((day >= start) & (day < start + WEEK))
    known = set(customer[train][fraud[train] == 1])
    test = []
    for d in range(WEEK):
        known |= set(customer[(day == start + WEEK + d - 1) & (fraud == 1)])
        today = np.flatnonzero(day == start + WEEK + DELAY + d)
        test.append(today[~np.isin(customer[today], list(known))])
    return train, np.concatenate(test)


def fit(rows, params):
    model = xgboost.XGBClassifier(tree_method="hist", n_jobs=1, eval_metric="logloss", random_state=ask["seed"], **params)
    return model.fit(x[rows], fraud[rows])


tried = []
for depth, trees, rate in itertools.product([3, 6, 9], [25, 50, 100], [0.1, 0.3]):
    tried.append({"params": {"max_depth": depth, "n_estimators": trees, "learning_rate": rate}, "ap": []})
for start in ask["tune"]:
    train, test = weeks(start)
    for one in tried:
        p = fit(train, one["params"]).predict_proba(x[test])[:, 1]
        one["ap"].append(average_precision_score(fraud[test], p))
best = max(tried, key=lambda one: np.mean(one["ap"]))["params"]
for start in ask["test"]:
    train, test = weeks(start)
    p = fit(train, best).predict_proba(x[test])[:, 1]
    np.column_stack([log.TRANSACTION_ID.values[test].astype(float), p]).tofile(f"{ask['out']}/{start}.f64")
print(json.dumps({"params": best, "seconds": time.process_time() - started, "version": xgboost.__version__,
                  "tried": [{**one["params"], "ap": float(np.mean(one["ap"]))} for one in tried]}))
