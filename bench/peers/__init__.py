"""Peers behind one interface, each on one thread.

On a busy machine a call that waits for helpers takes milliseconds; and what is asked
for is a rate for each thread.
"""

import os

# OpenMP reads this when a peer loads it.
os.environ["OMP_NUM_THREADS"] = "1"
