"""Claims of Mastrogiuseppe, Ostojic 2019, one room for each part of the paper."""
