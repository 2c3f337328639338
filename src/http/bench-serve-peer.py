"""The peer of the bench serve: the same trees behind FastAPI, one process, one thread, uvloop and httptools."""
import json
import os
import socket
import sys
import threading

import numpy as np
import uvicorn
import xgboost as xgb
from fastapi import FastAPI, Request
from pydantic import BaseModel

folder = sys.argv[1]
with open(f"{folder}/columns.json") as file:
    columns = json.load(file)
booster = xgb.Booster(model_file=f"{folder}/model.json")
booster.set_param({"nthread": 1})
app = FastAPI()
nan = float("nan")


class Body(BaseModel):
    features: dict[str, float]


def row_of(features):
    return [features.get(name, nan) for name in columns]


@app.post("/score")
async def score(body: Body):
    row = np.array([row_of(body.features)], np.float32)
    return {"probability": float(booster.inplace_predict(row)[0])}


@app.post("/reasons")
async def reasons(body: Body):
    row = np.array([row_of(body.features)], np.float32)
    shares = booster.predict(xgb.DMatrix(row, feature_names=columns, nthread=1), pred_contribs=True)[0]
    margin = float(shares.sum())
    order = np.argsort(-np.abs(shares[:-1]))[:3]
    return {
        "probability": 1 / (1 + float(np.exp(-margin))),
        "base": float(shares[-1]),
        "reasons": [{"feature": columns[j], "contribution": float(shares[j])} for j in order],
    }


# without a schema, which would only make it slower
@app.post("/batch")
async def batch(request: Request):
    items = json.loads(await request.body())
    rows = np.array([row_of(item) for item in items], np.float32)
    return {"results": [{"probability": p} for p in booster.inplace_predict(rows).tolist()]}


listening = socket.socket()
listening.bind(("127.0.0.1", 0))
print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
uvicorn.Server(
    uvicorn.Config(app, loop="uvloop", http="httptools", log_level="critical", access_log=False)
).run(sockets=[listening])
