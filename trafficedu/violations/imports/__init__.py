"""Import and export of violations: the columns of the contract, one way in and the same way out."""
