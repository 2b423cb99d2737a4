"""Files: NPZ, CXI, ptychodus products, and the store of runs on disk."""
