"""A theory along one or two parameters: points, columns, files, processes."""
