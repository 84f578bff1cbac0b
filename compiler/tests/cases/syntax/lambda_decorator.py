# line: 2
@vectorize(["float64(float64)"], key=lambda x: x)
