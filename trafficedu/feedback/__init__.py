"""Notices (抄告) to the company or village that must educate a rider, and their answers (反馈)."""
