# name: f
async def f(a):
    return a
