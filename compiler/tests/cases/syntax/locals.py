# A name assigned anywhere in the function is local everywhere in it; attributes and elements assigned to do not make one.
def f(p):
    early + late
    late = 1
    for i, (j, k) in pairs:
        i + j + k
    counter += 1
    table[i] = 2
    thing.field = 3
    thing.other.deep += 4
    if p:
        inner = 1
    while outer:
        w = inner
    else:
        v = 0
    return p.x, late.y, w, v, unknown.a.b, unknown.a, unknown
