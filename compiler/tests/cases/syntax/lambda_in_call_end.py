# line: 2
    lambda x, y: (x
                  + y), 3)
