# args: array(float64, 2d, C), int64
def f(image, i):
    return image[i]
