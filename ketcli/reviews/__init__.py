"""Published reviews: their pools made again, and which number of this dataset stands beside an estimate."""
