"""Claims of Clark, Abbott, Litwin-Kumar 2023, one room for each part of the paper."""
