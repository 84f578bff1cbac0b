# The bracket that makes line ends harmless stands before the text.
# line: 3
lambda x: x +
    y -
    2)
