"""Import and export of accidents: the columns of the contract, one way in and the same way out."""
