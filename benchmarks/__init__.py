"""Speed, memory and quality, measured and held against the project's budgets (never as timed tests).

`python -m benchmarks` measures, `python -m benchmarks quality` runs the acceptance matrix.
"""
