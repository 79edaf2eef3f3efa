"""Theory against simulation: estimators, one verdict."""
