# args: array(float64, 2d, C)
def f(image):
    total = 0
    for row in image:
        total += row
    return total
