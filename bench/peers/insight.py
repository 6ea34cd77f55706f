"""The same tasks by the Python packages lifetimes and implicit, where PyPI is at hand; bench/insight.mjs calls it.

    insight.py value PURCHASES.csv     fits BG/NBD by lifetimes to the customers of a file (customer,date,value)
    insight.py ials BUYERS ITEMS N D   one iteration of implicit's ALS (CG, its usual) over N purchases of the shape of ours:
                                       baskets lognormal, items by Zipf's law

Prints a line of JSON. Two threads, like ours.
"""
import json
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def value(path):
    import pandas
    from lifetimes import BetaGeoFitter
    from lifetimes.utils import ConvergenceError, summary_data_from_transaction_data

    purchases = pandas.read_csv(path)
    summary = summary_data_from_transaction_data(purchases, "customer", "date", freq="D",
                                                 observation_period_end="2026-12-31")
    frequency, recency, age = summary["frequency"], summary["recency"] / 7, summary["T"] / 7
    for penalizer in (0, .001, .01, .1):  # with some versions of scipy it does not converge without
        began = time.perf_counter()
        try:
            BetaGeoFitter(penalizer_coef=penalizer).fit(frequency, recency, age)
        except ConvergenceError:
            continue
        return {"what": "lifetimes", "customers": len(summary), "penalizer": penalizer,
                "fit_ms": (time.perf_counter() - began) * 1e3}
    return {"what": "lifetimes", "customers": len(summary), "penalizer": None, "fit_ms": None}


def ials(buyers, items, purchases, dimensions):
    import numpy
    import scipy.sparse
    from implicit.cpu.als import AlternatingLeastSquares

    chance = numpy.random.default_rng(1)
    basket = chance.lognormal(0, 1.1, buyers)
    rows = numpy.repeat(numpy.arange(buyers), numpy.maximum(1, basket / basket.sum() * purchases).astype(int))
    columns = (numpy.power(items + 1.0, chance.random(len(rows))) - 1).astype(int)
    matrix = scipy.sparse.csr_matrix((numpy.ones(len(rows), dtype=numpy.float32), (rows, columns)), shape=(buyers, items))
    took = []
    for iterations in (1, 3):
        model = AlternatingLeastSquares(factors=dimensions, iterations=iterations, num_threads=2, random_state=1)
        began = time.perf_counter()
        model.fit(matrix, show_progress=False)
        took.append(time.perf_counter() - began)
    return {"what": "implicit", "purchases": int(matrix.nnz), "dimensions": dimensions, "epoch_s": (took[1] - took[0]) / 2}


if __name__ == "__main__":
    result = value(sys.argv[2]) if sys.argv[1] == "value" else ials(*map(int, sys.argv[2:6]))
    print(json.dumps(result))
