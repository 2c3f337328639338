"""The peers of the benches train and score-row: XGBoost and scikit-learn, one job a process, an answer as JSON."""
import json
import resource
import sys
import time

import numpy as np

job = json.loads(sys.argv[1])
folder, width = job["folder"], job["width"]


def read(name):
    x = np.fromfile(f"{folder}/{name}.rows", np.float32).reshape(-1, width)
    return x, np.fromfile(f"{folder}/{name}.label", np.uint8)


def memory(what):
    """VmHWM, the most this process has held, or VmRSS, what it holds, in MB: ru_maxrss would begin at what its parent held."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if job["do"] == "train":
    x, y = read("train")
    threads, rounds = job["threads"], job["rounds"]
    # Starts where we start: XGBoost 1.7 would begin at one half and spend its first trees on the base rate.
    base = float((y.sum() + 1) / (len(y) + 2))
    if job["peer"] == "xgboost":
        import xgboost as xgb

        version = xgb.__version__
        params = dict(
            objective="binary:logistic", tree_method="hist", eta=0.1, max_depth=6, max_bin=256, nthread=threads, base_score=base
        )

        def fit(x, y, rounds):
            return xgb.train(params, xgb.DMatrix(x, label=y, nthread=threads), rounds)
    else:
        import sklearn
        from sklearn.ensemble import HistGradientBoostingClassifier

        version = sklearn.__version__

        def fit(x, y, rounds):
            return HistGradientBoostingClassifier(
                learning_rate=0.1, max_iter=rounds, max_depth=6, max_leaf_nodes=None, min_samples_leaf=1,
                l2_regularization=1.0, early_stopping=False,
            ).fit(x, y)

    fit(x[:2000], y[:2000], 5)  # warm: libraries loaded, threads started
    before = memory("VmRSS")
    started, used = time.perf_counter(), cpu()
    booster = fit(x, y, rounds)
    seconds, used = time.perf_counter() - started, cpu() - used
    megabytes = memory("VmHWM")
    unseen, _ = read("test")
    if job["peer"] == "xgboost":
        margins = booster.predict(xgb.DMatrix(unseen), output_margin=True)
    else:
        margins = booster.decision_function(unseen)
    print(json.dumps(dict(seconds=seconds, cpu=used, megabytes=megabytes, before=before, version=version, margins=[float(m) for m in margins])))
else:
    import xgboost as xgb

    booster = xgb.Booster({"nthread": 1}, model_file=f"{folder}/model.json")
    booster.feature_names = booster.feature_types = None
    x, _ = read("test")
    rows = [x[i : i + 1] for i in range(300)]
    booster.inplace_predict(rows[0])
    started = time.perf_counter()
    for row in rows:
        booster.inplace_predict(row)
    row = (time.perf_counter() - started) / len(rows)
    booster.inplace_predict(x)
    started = time.perf_counter()
    said = booster.inplace_predict(x)
    batch = time.perf_counter() - started
    some = xgb.DMatrix(x[:200], nthread=1)
    started = time.perf_counter()
    booster.predict(some, pred_contribs=True)
    reasons = (time.perf_counter() - started) / 200
    probability = [float(p) for p in said[:1000]]
    print(json.dumps(dict(version=xgb.__version__, row=row, batch=batch, reasons=reasons, probability=probability)))
