"""Pages without an account: the rider's receipt, and whether a certificate is true.

Shows one record, to who proves to know it; never a list.
"""
