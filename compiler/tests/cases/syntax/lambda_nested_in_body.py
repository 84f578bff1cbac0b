# name: <lambda>
# line: 5
def outer(scale):
    if scale:
        return [vectorize(f) for f in (lambda x: x if x else scale, None)]
