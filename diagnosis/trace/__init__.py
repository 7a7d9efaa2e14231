"""Traffic through a Network, there and back, hop by hop."""
